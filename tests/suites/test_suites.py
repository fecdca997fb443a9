"""Suites that nobody here wrote: four shards give what one plain pytest gives, each test once."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from suites.catalog import SUITES, Suite
from suites.install import CACHE, Installed, InstallError, install
from suites.runs import Plain, Sharded, differences, run_plain, run_sharded

RATIOS = CACHE / "ratios.json"
CHOSEN = [suite for suite in SUITES if not suite.is_long or "XDIST_CI_LONG_SUITES" in os.environ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """One suite, plain and in shards: without recorded times and, where that is done twice, with them."""

    suite: Suite
    plain: Plain
    sharded: tuple[Sharded, ...]


@pytest.fixture(scope="module", params=CHOSEN, ids=lambda suite: suite.name)
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    suite: Suite = request.param
    installed = _installed_or_skip(suite)
    top = tmp_path_factory.mktemp(suite.name)
    plain = run_plain(suite, installed, top / "plain")
    directory = installed.copy_to(top / "sharded")
    sharded = tuple(run_sharded(suite, installed, directory) for _ in range(1 + suite.twice))
    return Runs(suite=suite, plain=plain, sharded=sharded)


def _installed_or_skip(suite: Suite) -> Installed:
    try:
        return install(suite)
    except InstallError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{suite.key} can't be installed: {error}")
        pytest.skip(f"{suite.key} can't be installed: {error}")


def test_shards_report_the_outcomes_of_plain_pytest_each_test_once(runs: Runs) -> None:
    assert len(runs.plain.tests) > 30
    for sharded in runs.sharded:
        assert differences(runs.plain, sharded) == [], sharded.talk


def test_nothing_is_lost_duplicated_or_not_run(runs: Runs) -> None:
    for sharded in runs.sharded:
        assert _flaws(sharded) == {"lost": [], "duplicated": [], "not_run": []}


def _flaws(sharded: Sharded) -> dict[str, Any]:
    return {name: sharded.report[name] for name in ("lost", "duplicated", "not_run")}


def test_the_verdict_is_pytests_own(runs: Runs) -> None:
    conclusion = "failed" if runs.plain.exit_status else "passed"
    expected = (conclusion, runs.plain.exit_status)
    for sharded in runs.sharded:
        assert (sharded.report["conclusion"], sharded.exit_code) == expected, sharded.talk


def test_what_the_suite_deselects_and_skips_by_the_module_is_named(runs: Runs) -> None:
    expected = {"deselected": runs.plain.deselected, "skipped_modules": runs.plain.skipped_modules}
    for sharded in runs.sharded:
        assert {name: sharded.report[name] for name in expected} == expected


def test_unchanged_code_has_nothing_new_and_nothing_gone_for_the_second_plan(runs: Runs) -> None:
    for sharded in runs.sharded[1:]:
        assert {name: sharded.report[name] for name in ("unplanned", "gone")} == {"unplanned": [], "gone": []}


def test_actual_against_predicted_seconds_are_written_down(
    runs: Runs, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {
        "tests": len(runs.plain.tests),
        "plain_s": round(runs.plain.seconds, 1),
        "actual_to_predicted": round(runs.sharded[-1].ratio, 2),
        "outcome": runs.sharded[-1].report["conclusion"],
    }
    record_property("actual_to_predicted", row["actual_to_predicted"])
    _remember(RATIOS, runs.suite.key, row)
    with capsys.disabled():
        print(f"\n{runs.suite.key}: {row}")
    assert json.loads(RATIOS.read_text(encoding="utf-8"))[runs.suite.key] == row


def _remember(path: Path, key: str, row: dict[str, Any]) -> None:
    rows = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.write_text(json.dumps({**rows, key: row}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
