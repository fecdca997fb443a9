"""What a suite does while it runs: which tests meet in a resource, which leave state behind, and whether that hurts."""
