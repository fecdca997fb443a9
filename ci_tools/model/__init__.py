"""What a test, a plan and a run are: frozen values that import nothing of ours."""
