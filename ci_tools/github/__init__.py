"""GitHub's side: where a job runs, what it says to the runner, and the pull request's comment."""
