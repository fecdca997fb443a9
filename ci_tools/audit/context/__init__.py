"""What rules ask of the code around a step."""
