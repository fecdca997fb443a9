"""Runs made up from one letter per test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.trial import Conditions
from ci_tools.trial.result import Result

LETTERS = {
    "p": Outcome.PASSED,
    "F": Outcome.FAILED,
    "E": Outcome.ERROR,
    "C": Outcome.CRASHED,
    "s": Outcome.SKIPPED,
    "x": Outcome.XFAILED,
}


def run(outcomes: Mapping[str, str], *, problem: str = "", text: str = "", message: str = "") -> Result:
    """A run by the letter of each test: `-` has no result, ` ` isn't selected; of a file `E` is its collection."""
    attempts = {
        nodeid: Attempt(
            nodeid=nodeid,
            outcome=LETTERS[letter],
            message=message,
            text=text,
            phase="call" if "::" in nodeid else "collect",
            worker=f"gw{i % 2}",
        )
        for i, (nodeid, letter) in enumerate(outcomes.items())
        if letter in LETTERS
    }
    selected = tuple(nodeid for nodeid, letter in outcomes.items() if letter != " " and "::" in nodeid)
    return Result(
        conditions=Conditions(),
        attempts=attempts,
        selected=selected,
        not_run=tuple(nodeid for nodeid in selected if nodeid not in attempts),
        wall_s=1.0,
        exit_code=0,
        problem=problem,
        bundle=Path(),
    )
