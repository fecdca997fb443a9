"""What tests touch and leave changed, in each process that runs them: for `ci-tools audit --dynamic`."""
