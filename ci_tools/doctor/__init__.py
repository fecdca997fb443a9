"""Reads a repository's workflows and pytest configuration, and names what will lose tests once they are sharded."""
