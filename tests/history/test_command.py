"""`ci-tools history` as it is called."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from recorded import ask, report, run, write_runs

from ci_tools.cli.history import configure
from ci_tools.cli.history import run as run_command
from ci_tools.history.database import DamagedError
from ci_tools.history.record import record
from ci_tools.model.errors import CiToolsError

SECONDS = {"test_slow.py::test_big": 20.0, "test_a.py::test_[red]": 0.25}
OVERVIEW = """\
tests on main: 8 recorded runs
newest: 0000000 of 2001-09-09 09:46 UTC, 4 tests
also recorded: py3.13 on dev (1)

RED (1)
  since    runs  test
  0000000     2  test_a.py::test_[red]

FLAKY (1)
  failed and passed on one commit                    test
  1 of 8 runs (12.5 %, 95 % interval 0.3 to 52.7 %)  test_f.py::test_\\x1b[31m

SLOWEST
   median  test
   20.0 s  test_slow.py::test_big
  1.000 s  test_f.py::test_\\x1b[31m

SLOWER (1)
   before   last 5  test
  0.300 s  0.500 s  test_s.py::test_slower
"""
STORY = """\
test_s.py::test_slower
tests on main: 8 recorded runs
flaky: 0 of 8 runs (at most 31.2 %)
now: green for 8 runs
seconds: median 0.425 s of the last 20 runs; 0.500 s in the last 5, 0.300 s in the 20 before
passes, oldest first: ▄▅▅▆▆▇▇█ up to 0.600 s

RESULTS (8)
  when (UTC)        commit   branch  outcome  seconds
  2001-09-09 09:46  0000000  main    passed   0.600 s
  2001-09-09 08:46  0000000  main    passed   0.550 s
  and 6 more: --limit 8
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "history.sqlite"
    record(path, report({"test_a.py::test_[red]": "P"}), run(0, key="py3.13", branch="dev"))
    for number in range(1, 9):
        results = {
            "test_a.py::test_[red]": "F" if number > 6 else "P",
            "test_f.py::test_\x1b[31m": "R" if number == 3 else "P",
            "test_s.py::test_slower": "P",
            "test_slow.py::test_big": "P",
        }
        seconds = {**SECONDS, "test_s.py::test_slower": 0.2 + 0.05 * number}
        record(path, report(results, seconds=seconds), run(number))
    return path


def history(*words: str) -> int:
    parser = argparse.ArgumentParser()
    configure(parser)
    return run_command(parser.parse_args(words))


def test_what_is_red_flaky_slow_and_slower(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history("--history", str(path), "--limit", "2") == 0
    assert capsys.readouterr().out == OVERVIEW


def test_one_test_by_a_part_of_its_node_id(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history("slower", "--history", str(path), "--limit", "2") == 0
    assert capsys.readouterr().out == STORY


def test_a_flip_and_a_streak_are_said(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history("test_f.py", "--history", str(path))
    out = capsys.readouterr().out
    assert "now: green for 5 runs\n" in out
    assert "main    passed after a failure  1.000 s\n" in out
    assert "\x1b" not in out
    history("red", "--history", str(path))
    assert "now: red for 2 runs, since 0000000\n" in capsys.readouterr().out


def test_a_healthy_suite_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_runs(tmp_path / "h", {"a": "S"})
    assert history("--history", str(tmp_path / "h")) == 0
    assert (
        capsys.readouterr().out
        == """\
tests on main: 1 recorded run
newest: 0000000 of 2001-09-09 02:46 UTC, 1 test

no test is red

no test was flaky in the last 50 runs

no test has passed yet

no test got 1.5 times and 0.1 s slower in the last 5 runs
"""
    )


def test_the_overview_as_json(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history("--history", str(path), "--format", "json", "--limit", "1") == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {
        "format": "xdist-ci/history",
        "version": 1,
        "key": "tests",
        "branch": "main",
        "runs": [
            {
                "sha": f"{8:040x}",
                "run_id": 8,
                "run_attempt": 1,
                "at_s": 1_000_028_800.0,
                "complete": True,
                "tests": 4,
            }
        ],
        "others": [{"key": "py3.13", "branch": "dev", "runs": 1}],
        "counts": {"red": 1, "flaky": 1, "slowest": 4, "slower": 1},
        "red": document["red"],
        "flaky": document["flaky"],
        "slowest": document["slowest"],
        "slower": [{"id": "test_s.py::test_slower", "before_s": 0.3, "now_s": 0.5}],
    }
    assert document["red"] == [
        {
            "id": "test_a.py::test_[red]",
            "outcome": "failed",
            "p50_s": 0.25,
            "runs": 8,
            "flaky_runs": 0,
            "flaky_interval": [0.0, 0.312344],
            "red_runs": 2,
            "red_since": f"{7:040x}",
            "green_runs": 0,
        }
    ]


def test_one_test_as_json(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history("test_f.py", "--history", str(path), "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["id"], document["flaky_runs"], document["now_s"]) == ("test_f.py::test_\x1b[31m", 1, 1.0)
    assert [(result["outcome"], result["flip"]) for result in document["results"][4:6]] == [
        ("passed", False),
        ("passed", True),
    ]


def test_the_flakiest_is_the_one_that_is_proved_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rare = [{"often": "R" if number % 2 else "P"} for number in range(20)]
    write_runs(tmp_path / "h", *rare, {"often": "P", "once": "R"})
    history("--history", str(tmp_path / "h"), "--format", "json")
    flaky = json.loads(capsys.readouterr().out)["flaky"]
    assert [(test["id"], test["flaky_runs"], test["runs"]) for test in flaky] == [("often", 10, 21), ("once", 1, 1)]


def test_a_whole_node_id_is_that_test_though_others_begin_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_runs(tmp_path / "h", {"a.py::test_b": "P", "a.py::test_bc": "P"})
    assert history("a.py::test_b", "--history", str(tmp_path / "h")) == 0
    assert capsys.readouterr().out.startswith("a.py::test_b\n")


def test_a_few_milliseconds_make_no_test_slower(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(1, 11):
        record(tmp_path / "h", report({"a": "P"}, seconds={"a": 0.01 if number < 6 else 0.09}), run(number))
    history("--history", str(tmp_path / "h"))
    assert "no test got 1.5 times and 0.1 s slower" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "fact", "hint"),
    [
        (["nobody"], "no recorded test has 'nobody' in its node id", "give a part of a node id"),
        (
            ["test_s"],
            "'test_s' is in the node ids of 2 recorded tests: 'test_s.py::test_slower', 'test_slow.py::test_big'",
            "give more of the one you mean",
        ),
        (["--key", "none"], "no recorded run of key 'none'", "recorded are 'tests on main', 'py3.13 on dev'"),
        (
            ["--branch", "x", "--key", "tests"],
            "no recorded run of key 'tests' on branch 'x'",
            "recorded are 'tests on main', 'py3.13 on dev'",
        ),
        (
            ["test_f.py", "--branch", "dev"],
            "'test_f.py::test_\\x1b[31m' was in no run of key 'py3.13' on branch 'dev'",
            "say another --key or --branch",
        ),
    ],
)
def test_what_is_not_known_is_said_with_what_is(path: Path, words: list[str], fact: str, hint: str) -> None:
    with pytest.raises(CiToolsError) as caught:
        history("--history", str(path), *words)
    assert (caught.value.fact, caught.value.hint, caught.value.exit_code) == (f"{path}: {fact}", hint, 3)


def test_without_a_history_it_is_said_where_one_comes_from(tmp_path: Path) -> None:
    with pytest.raises(CiToolsError) as caught:
        history("--history", str(tmp_path / "none"))
    assert (caught.value.fact, caught.value.hint) == (
        f"no such file: {tmp_path / 'none'}",
        "`ci-tools merge --history` records runs in it",
    )


def test_a_test_of_no_time_has_passed_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path / "h.sqlite", report({"a": "P"}, seconds={"a": 0.0}), run(1))
    assert history("--history", str(tmp_path / "h.sqlite")) == 0
    assert "SLOWEST\n   median  test\n  0.000 s  a\n" in capsys.readouterr().out


@pytest.mark.parametrize("ms", ["'x'", "x'ff'", "9e999", "-5", "0.5", "1e13"])
def test_milliseconds_that_are_none_are_damage(path: Path, ms: str) -> None:
    ask(path, f"UPDATE results SET ms = {ms}")
    with pytest.raises(DamagedError, match="which are none"):
        history("--history", str(path), "test_slower")


def test_another_branch_is_shown_when_asked_for(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert history("--history", str(path), "--branch", "dev") == 0
    assert capsys.readouterr().out.startswith("py3.13 on dev: 1 recorded run\n")
