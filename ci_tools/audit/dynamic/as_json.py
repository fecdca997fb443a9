"""A study as one JSON document, for programs: all that was found, and of deeds to one resource the first so many."""

from __future__ import annotations

import json
from typing import Any

from ci_tools.audit.dynamic.conflicts import Conflict
from ci_tools.audit.dynamic.deeds import Actor, Deed
from ci_tools.audit.dynamic.leaks import Leak
from ci_tools.audit.dynamic.replays import Outcome, Rates
from ci_tools.audit.dynamic.sentences import programs_of, servers_of
from ci_tools.audit.dynamic.study import Study, Watched

FORMAT = "xdist-ci/audit-dynamic"
VERSION = 1
MAX_DEEDS = 100


def as_json(study: Study) -> str:
    """Return the study; keys are in docs/audit-dynamic.md."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "runs": [_run(run) for run in study.runs],
        "conflicts": [_conflict(study, conflict) for conflict in study.conflicts],
        "left": [_leak(leak) for leak in study.leaks],
        "programs": programs_of(study),
        "servers": servers_of(study),
        "omitted": study.seen.omitted,
        "damaged": study.seen.damaged,
    }
    return json.dumps(document, indent=2) + "\n"


def _run(run: Watched) -> dict[str, Any]:
    return {
        "workers": run.conditions.workers,
        "dist": run.conditions.dist,
        "order": run.conditions.order.value,
        "seed": run.conditions.seed,
        "tests": run.n_tests,
        "failed": list(run.failed),
        "not_collected": list(run.not_collected),
        "problem": run.problem,
        "unwatched": list(run.unwatched),
    }


def _conflict(study: Study, conflict: Conflict) -> dict[str, Any]:
    outcome = study.outcome(conflict)
    return {
        "severity": conflict.severity.value,
        "within_file": conflict.within_file,
        "resources": list(conflict.resources),
        "first": _deed(conflict.first),
        "second": _deed(conflict.second),
        "deeds": [_deed(deed) for deed in conflict.deeds[:MAX_DEEDS]],
        "replayed": None if outcome is None else _outcome(outcome),
    }


def _deed(deed: Deed) -> dict[str, Any]:
    return {
        **_actor(deed.actor),
        "access": deed.access.value,
        "phase": deed.phase,
        "runs": len(deed.runs),
        "root": deed.root,
    }


def _actor(actor: Actor) -> dict[str, str]:
    return {"kind": actor.kind.value, "id": actor.id}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "verdict": outcome.verdict.value,
        "tests": [outcome.pair.first, outcome.pair.second],
        "rates": [_rates(rates) for rates in outcome.rates],
        "either": _rates(outcome.either),
        "problem": outcome.problem,
    }


def _rates(rates: Rates) -> dict[str, int]:
    return {
        "failed_beside": rates.failed_beside,
        "beside": rates.n_beside,
        "failed_alone": rates.failed_alone,
        "alone": rates.n_alone,
    }


def _leak(leak: Leak) -> dict[str, Any]:
    return {
        "severity": leak.severity.value,
        **_actor(leak.actor),
        "what": leak.what,
        "name": leak.name,
        "how": leak.how,
        "among": leak.among,
        "runs": leak.n_runs,
    }
