"""What happened in earlier runs, and which tests may fail for now."""
