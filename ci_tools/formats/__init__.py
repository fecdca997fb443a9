"""Model to text and back: one module per file format, each with FORMAT and VERSION."""
