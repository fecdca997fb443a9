"""Torture: random suites whose workers die, hang, fork and run dry, and a truth to judge a run by.

`suites` makes a suite from a seed (`kinds` has what its tests do), `runs` runs it with `ci-tools`
or with plain pytest-xdist, `judge` holds what was reported against the log that the tests
themselves wrote. `python -m tests.torture` does that a few hundred times;
`python -m tests.torture.kills` kills healthy runs at random moments.
"""
