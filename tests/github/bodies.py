"""A pull request of GitHub's own event, and comments on it."""

from __future__ import annotations

from runner.events import payload

from ci_tools.github.pull import Pull

EVENT = payload("pull_request")
HEAD_SHA = EVENT["pull_request"]["head"]["sha"]
PULL = Pull(repository="octo-org/octo-repo", repository_id=186853002, number=2, head_sha=HEAD_SHA)
MARKER = "<!-- xdist-ci:v1 key=tests -->"
IS_RED, IS_GREEN = "<!-- verdict: red 0123456789abcdef -->", "<!-- verdict: green fedcba9876543210 -->"
RED, GREEN = f"{MARKER}\n{IS_RED}\n### 1 test failed\n", f"{MARKER}\n{IS_GREEN}\n### all passed\n"
REDDER = f"{MARKER}\n{IS_RED.replace('0123', '4567')}\n### 2 tests failed\n"
COMMENTS = "/repos/octo-org/octo-repo/issues"
