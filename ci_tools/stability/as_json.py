"""A study as `report.json`, format `xdist-ci/stability`; and its seed read back, to go on with."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ci_tools.formats._document import Fields, check_header, dumps, parse
from ci_tools.model.rates import interval, upper_bound
from ci_tools.model.statistics import Share
from ci_tools.model.trial import Conditions
from ci_tools.stability.judge import BadTest, Report
from ci_tools.stability.record import Run
from ci_tools.stability.tell import bisect_command, replay_command

FORMAT = "xdist-ci/stability"
VERSION = 1


def as_json(report: Report) -> str:
    """Return the study as one JSON document: the same study, the same bytes."""
    study = report.study
    return dumps(
        {
            "format": FORMAT,
            "version": VERSION,
            "verdict": report.verdict.value,
            "exit_code": report.verdict.exit_code,
            "command": list(study.command),
            "seed": study.factors.seed,
            "levels": list(study.factors.levels),
            "orders": [order.value for order in study.factors.orders],
            "dist": study.factors.dist,
            "planned": study.planned,
            "stopped": study.stopped,
            "sequential": study.sequential,
            "tests": report.n_tests,
            "never_ran": report.n_never,
            "others": _share(Share(bad=0, n=report.fewest)),
            "red": _share(report.red),
            "red_else": _share(report.red_else),
            "coverage": asdict(report.coverage),
            "bad": [_test(test, report) for test in report.bad],
            "differences": [
                {"tests": list(one.tests), "runs": list(one.numbers), "skipped": one.was_skipped}
                for one in report.differences
            ],
            "runs": [_run(run) for run in study.runs],
        }
    )


def seed_of(text: str, *, source: str) -> int:
    """Return the seed of an earlier study. Raises FormatError when the text is no report of one."""
    document = check_header(parse(text, source=source), format=FORMAT, version=VERSION, source=source)
    return Fields(document, source=source).integer("seed")


def _share(share: Share) -> dict[str, Any]:
    low, high = (0.0, upper_bound(share.n)) if share.bad == 0 else interval(share.bad, share.n)
    return {"bad": share.bad, "n": share.n, "interval": [round(low, 6), round(high, 6)]}


def _test(test: BadTest, report: Report) -> dict[str, Any]:
    return {
        "id": test.nodeid,
        "share": _share(test.share),
        "serial": _share(test.serial),
        "beside": _share(test.beside),
        "p": round(test.chance, 9),
        "p_adjusted": None if test.adjusted is None else round(test.adjusted, 9),
        "class": test.cause.kind.value,
        "sure": test.cause.is_sure,
        "evidence": list(test.cause.evidence),
        "unknown": test.cause.unknown,
        "runs": list(test.numbers),
        "replay": replay_command(report.study, test.replay),
        "bisect": bisect_command(report.study, test),
        "message": test.message,
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "number": run.number,
        "purpose": run.ask.purpose.value,
        "test": run.ask.test,
        "conditions": _conditions(run.conditions),
        "tests": len(run.outcomes),
        "bad": {nodeid: run.outcomes[nodeid].value for nodeid in run.bad},
        "wall_s": round(run.wall_s, 3),
        "problem": run.problem,
    }


def _conditions(conditions: Conditions) -> dict[str, Any]:
    return {**asdict(conditions), "order": conditions.order.value}
