"""What keeps a suite from running in parallel: found in its source, and by watching it run."""
