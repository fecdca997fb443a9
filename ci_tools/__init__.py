"""xdist-ci: shard a pytest suite, prove that every test ran exactly once."""

__version__ = "0.1.0"
