"""The suites that are bisected fail for the reason that they were planted with; `make torture` bisects a hundred."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .bisect import COMMAND, ENVIRON, Outcome, table
from .planted import KINDS, planted


@pytest.mark.parametrize("kind", ["single", "pair"])
def test_the_victim_fails_after_all_culprits_and_not_without_one(kind: str, tmp_path: Path) -> None:
    suite = planted(7, kind=kind, rate=1.0, tests=(8, 8))
    suite.write(tmp_path)
    assert failed(tmp_path, *suite.culprits, suite.victim)
    assert not failed(tmp_path, *suite.culprits[1:], suite.victim)


def failed(top: Path, *tests: str) -> bool:
    return subprocess.run([*COMMAND, *tests], cwd=top, env=ENVIRON, capture_output=True, check=False).returncode == 1


def test_a_seed_is_a_suite() -> None:
    suites = [planted(seed) for seed in range(6)]
    assert suites == [planted(seed) for seed in range(6)]
    assert [(suite.kind, suite.rate) for suite in suites] == [(kind, rate) for rate in (1.0, 0.5) for kind in KINDS]
    assert all(suite.victim not in suite.culprits for suite in suites)


def test_the_table_has_a_row_per_kind_and_rate() -> None:
    outcomes = [
        Outcome(suite=planted(0), wrong="", runs=27, seconds=10.0),
        Outcome(suite=planted(6), wrong="another", runs=31, seconds=30.0),
    ]
    assert table(outcomes).splitlines() == [
        "               fails  suites   found  runs, median  most  seconds, median",
        "single          100%       2       1            29    31               20",
    ]
