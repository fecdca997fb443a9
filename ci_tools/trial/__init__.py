"""One run of a suite under stated conditions, and what came of it."""
