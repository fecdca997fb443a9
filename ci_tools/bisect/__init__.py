"""Which test makes another one fail: before it in its process, or beside it in another."""
