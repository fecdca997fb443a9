"""What processes share through the file system."""
