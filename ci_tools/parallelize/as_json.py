"""Serial and parallel runs compared, as `report.json`: format `xdist-ci/parallelize`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ci_tools.formats._document import dumps
from ci_tools.parallelize.compare import Difference, Hang
from ci_tools.parallelize.go import Page
from ci_tools.parallelize.speed import Category, Longest, Measured, Speed

FORMAT = "xdist-ci/parallelize"
VERSION = 1


def as_json(page: Page) -> str:
    """Return the page as one JSON document: the same runs, the same bytes."""
    n_cpus, limit = page.cpus
    comparison = page.comparison
    return dumps(
        {
            "format": FORMAT,
            "version": VERSION,
            "answer": page.answer.value,
            "exit_code": page.answer.exit_code,
            "reasons": list(page.reasons),
            "command": list(page.command),
            "dist": page.dist,
            "cpus": {"n": n_cpus, "limit": limit},
            "runs": [{**asdict(run), "wall_s": _s(run.wall_s)} for run in page.runs],
            "tests": comparison.n_tests,
            "differences": [_difference(difference) for difference in comparison.differences],
            "hangs": [_hang(hang) for hang in comparison.hangs],
            "speed": _speed(page.speed) if page.speed else None,
            "gates": [
                {"key": g.key, "value": _rounded(g.value), "limit": g.limit, "state": g.state.value} for g in page.gates
            ],
        }
    )


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "nodeid": difference.nodeid,
        "kind": difference.kind.value,
        "serial": asdict(difference.serial),
        "parallel": asdict(difference.parallel),
        "message": difference.message,
        "text": difference.text,
        "tests": difference.n_tests,
    }


def _hang(hang: Hang) -> dict[str, Any]:
    return {**asdict(hang), "runs": list(hang.runs), "unreported": list(hang.unreported)}


def _speed(speed: Speed) -> dict[str, Any]:
    return {
        "speedup": _rounded(speed.speedup),
        "range": [_rounded(end) for end in speed.speedup_range],
        "serial": _measured(speed.serial),
        "parallel": _measured(speed.parallel),
        "workers": speed.workers,
        "busy": _rounded(speed.busy),
        "total": _category(speed.total),
        "directories": [_category(category) for category in speed.directories],
        "marks": [_category(category) for category in speed.marks],
        "longest_file": _longest(speed.longest_file),
        "longest_test": _longest(speed.longest_test),
    }


def _measured(measured: Measured) -> dict[str, float]:
    return {
        "median_s": _s(measured.median_s),
        "least_s": _s(measured.least_s),
        "most_s": _s(measured.most_s),
    }


def _category(category: Category) -> dict[str, Any]:
    return {
        "name": category.name,
        "tests": category.n_tests,
        "serial_s": _s(category.serial_s),
        "parallel_s": _s(category.parallel_s),
        "speedup": _rounded(category.speedup),
        "in_tests": _rounded(category.in_tests),
    }


def _longest(longest: Longest) -> dict[str, Any]:
    return {"name": longest.name, "parallel_s": _s(longest.parallel_s)}


def _s(seconds: float) -> float:
    return round(seconds, 3)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
