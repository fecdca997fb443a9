"""What authors of tests import: waiting, threads and processes that can't hang a run for ever."""
