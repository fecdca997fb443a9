"""A merged run as text that people and other tools read."""
