"""A merged run into the file, and what of it is there afterwards."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from recorded import HOUR_S, ask, past_of, report, run, write_runs
from strategies import HOSTILE

from ci_tools.history.record import record
from ci_tools.model.errors import CiToolsError
from ci_tools.model.verdict import BaseRun, Past, PastTest

DAY_S = 24 * HOUR_S


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


def test_what_is_recorded_is_what_the_next_run_knows(path: Path) -> None:
    record(path, report({"a": "P", "b": "F"}, seconds={"a": 0.0155}), run(1))
    assert past_of(path) == Past(
        base=BaseRun(branch="main", sha=f"{1:040x}", run_id=1, at_s=1e9 + HOUR_S, tests=2),
        tests={
            "a": PastTest(outcome=past_of(path).tests["a"].outcome, p50_s=0.016, runs=1, green_runs=1),
            "b": PastTest(outcome=past_of(path).tests["b"].outcome, runs=1, red_runs=1, red_since=f"{1:040x}"),
        },
    )


def test_the_file_is_one_whole_file_afterwards(path: Path) -> None:
    write_runs(path, {"a": "P"}, {"a": "P"})
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert ask(path, "PRAGMA journal_mode") == [("delete",)]


def test_directories_are_made(tmp_path: Path) -> None:
    write_runs(tmp_path / ".ci-tools" / "history.sqlite", {"a": "P"})
    assert (tmp_path / ".ci-tools" / "history.sqlite").is_file()


def test_recording_again_changes_nothing(path: Path) -> None:
    write_runs(path, {"a": "P", "b": "F"}, {"a": "R", "b": "P"})
    before = past_of(path)
    write_runs(path, {"a": "P", "b": "F"}, {"a": "R", "b": "P"})
    assert past_of(path) == before
    assert ask(path, "SELECT count(*) FROM runs") == [(2,)]


def test_a_later_attempt_takes_the_place_of_an_earlier_one(path: Path) -> None:
    """Its report has the earlier one's failures as flips: counted as two runs they would count twice."""
    record(path, report({"a": "F", "gone": "P"}), run(1))
    record(path, report({"a": "R"}), run(1, run_attempt=2))
    assert ask(path, "SELECT run_attempt, tests FROM runs") == [(2, 1)]
    assert {id: (past.runs, past.flaky_runs) for id, past in past_of(path).tests.items()} == {"a": (1, 1)}


def test_an_earlier_attempt_that_comes_late_is_left_out_and_that_is_said(path: Path) -> None:
    record(path, report({"a": "R"}), run(1, run_attempt=2))
    assert record(path, report({"a": "F"}), run(1)) == ("not recorded: attempt 2 of this run already is",)
    assert ask(path, "SELECT run_attempt FROM runs") == [(2,)]


def test_runs_without_a_number_are_told_apart_by_their_time(path: Path) -> None:
    for number in (1, 2, 2):
        record(path, report({"a": "P"}), run(number, run_id=0))
    assert past_of(path).tests["a"].runs == 2


def test_the_order_of_recording_does_not_matter(tmp_path: Path) -> None:
    results = {1: {"a": "P", "b": "F"}, 2: {"a": "R"}, 3: {"b": "F", "c": "S"}}
    pasts = []
    for order in itertools.permutations(results):
        path = tmp_path / f"{order}.sqlite"
        for number in order:
            record(path, report(results[number]), run(number))
        pasts.append(past_of(path))
    assert pasts == [pasts[0]] * 6


def test_a_result_that_says_nothing_is_not_recorded(path: Path) -> None:
    write_runs(path, {"a": "?", "b": "P"})
    assert list(past_of(path).tests) == ["b"]
    assert past_of(path).base is not None and past_of(path).base.tests == 1  # type: ignore[union-attr]


def test_any_node_id_comes_back_as_it_was(path: Path) -> None:
    write_runs(path, dict.fromkeys(HOSTILE, "P"), dict.fromkeys(HOSTILE, "F"))
    assert sorted(past_of(path).tests) == sorted(set(HOSTILE))
    assert {past.runs for past in past_of(path).tests.values()} == {2}


def test_any_key_branch_and_commit_is_found_again(path: Path) -> None:
    write_runs(path, {"a": "P"}, key="\ud800", branch="x'; --\0", sha="\udfff")
    assert list(past_of(path, key="\ud800", branch="x'; --\0").tests) == ["a"]


@pytest.mark.parametrize("seconds", [0.0, 1e15])
def test_seconds_are_kept_within_what_is_read_again(path: Path, seconds: float) -> None:
    record(path, report({"a": "P"}, seconds={"a": seconds}), run(1))
    assert past_of(path).tests["a"].p50_s == min(seconds, 1e9)


def test_a_branch_without_runs_for_90_days_is_forgotten_with_its_tests_and_the_file_gets_small(path: Path) -> None:
    old = {f"tests/test_{number:04}.py::test_{'x' * 50}": "P" for number in range(3000)}
    write_runs(path, old, branch="old")
    large = path.stat().st_size
    record(path, report({"new": "P"}), run(2, at_s=1e9 + HOUR_S + 90 * DAY_S))
    assert ask(path, "SELECT count(*) FROM runs") == [(2,)]
    record(path, report({"new": "P"}), run(3, at_s=1e9 + HOUR_S + 90 * DAY_S + 1))
    assert ask(path, "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM results)") == [(2, 2)]
    assert ask(path, "SELECT nodeid FROM tests") == [("new",)]
    assert path.stat().st_size < large / 5


def test_where_nothing_can_be_recorded_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CiToolsError, match="can't be made"):
        record(tmp_path / "file" / "history.sqlite", report({"a": "P"}), run(1))


def test_an_old_run_that_is_run_again_is_no_newer_base(path: Path) -> None:
    for number in (1, 2):
        record(path, report({"a": "P"}), run(number))
    record(path, report({"a": "P"}), run(1, run_attempt=2, at_s=run(3).at_s))
    assert ask(path, "SELECT run_id, run_attempt FROM runs ORDER BY at_s") == [(1, 2), (2, 1)]
