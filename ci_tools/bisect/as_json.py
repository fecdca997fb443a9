"""A bisection as JSON for programs."""

from __future__ import annotations

import json
from typing import Any

from ci_tools.bisect.bisection import Bisection, Culprit, Fact
from ci_tools.bisect.words import commands, headline
from ci_tools.model.rates import interval

FORMAT = "xdist-ci/bisect"
VERSION = 1


def as_json(found: Bisection) -> str:
    """Return one JSON document; `docs/bisect.md` says what is in it."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "test": found.test,
        "kind": found.kind.value,
        "headline": headline(found),
        "culprits": [_culprit(culprit) for culprit in found.culprits],
        "facts": [_fact(fact) for fact in found.facts],
        "message": found.message,
        "changes": list(found.changes),
        "commands": [{"what": what, "command": command} for what, command in commands(found)],
        "recorded": {"source": found.scene.source, "worker": found.scene.worker} if found.scene.source else None,
        "runs": found.n_runs,
        "unjudged": found.n_unjudged,
        "seconds": round(found.seconds, 1),
        "ended": found.ended,
    }
    return json.dumps(document, indent=2) + "\n"


def _culprit(culprit: Culprit) -> dict[str, Any]:
    return {
        "way": culprit.way.value,
        "tests": list(culprit.tests),
        "is_minimal": culprit.is_minimal,
        "happened": _fact(culprit.fact),
        "rest": _fact(culprit.rest) if culprit.rest else None,
    }


def _fact(fact: Fact) -> dict[str, Any]:
    low, high = interval(fact.share.bad, fact.share.n)
    return {
        "way": fact.way.value,
        "tests": fact.n_tests,
        "k": fact.share.bad,
        "n": fact.share.n,
        "low": round(low, 4),
        "high": round(high, 4),
    }
