"""What a worker has of its own: environment, directories, settings, databases."""
