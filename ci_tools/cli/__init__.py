"""One module per command; `main` has the one error handler."""
