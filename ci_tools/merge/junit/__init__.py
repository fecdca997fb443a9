"""JUnit XML of any tool, read: whatever can be read is, whatever can't is named."""
