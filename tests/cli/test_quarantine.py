"""`ci-tools quarantine` as it is called."""

from __future__ import annotations

import argparse
import json
import re
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from bundles import attempt, bundle, plan_of_files

from ci_tools.cli.quarantine import configure, run
from ci_tools.history.quarantine import read_quarantine
from ci_tools.history.quarantine_edit import HEADER
from ci_tools.history.record import RunRecord, record
from ci_tools.merge.judge import merge
from ci_tools.model.errors import CiToolsError, UsageError

FILE = Path(".ci-tools/quarantine.yml")
PAGE = (Path(__file__).parents[2] / "docs" / "quarantine.md").read_text()
BAD = """\
- id: 'a.py::t[x]'
  reason: slow
  owner: '@ann'
  since: 2026-01-01
  expires: 2999-12-31
- glob: "b/*\\e"
  reason: "r"
  owner: ops
  since: 2026-01-01
  expires: 2026-01-02
"""


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def quarantine(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="ci-tools quarantine")
    configure(parser)
    return run(parser.parse_args(words))


def add(*words: str) -> int:
    return quarantine("add", "a.py::t[#1: x]", "--reason", "races", "--owner", "@ann", *words)


def write(text: str) -> None:
    FILE.parent.mkdir()
    FILE.write_text(text)


def test_an_entry_is_added_listed_and_removed(capsys: pytest.CaptureFixture[str]) -> None:
    assert add("--expires", "2999-12-31", "--issue", "#12") == 0
    text = FILE.read_text()
    assert re.sub(r"since: \d{4}-\d\d-\d\d", "since: TODAY", text) == (
        f"{HEADER}\n"
        "- id: 'a.py::t[#1: x]'\n"
        "  reason: 'races'\n"
        "  owner: '@ann'\n"
        "  since: TODAY\n"
        "  expires: 2999-12-31\n"
        "  issue: '#12'\n"
    )
    assert quarantine("list") == 0
    assert quarantine("remove", "a.py::t[#1: x]") == 0
    assert FILE.read_text() == HEADER
    assert capsys.readouterr() == (
        "2999-12-31  a.py::t[#1: x]  races (@ann) #12\n1 entry of .ci-tools/quarantine.yml\n",
        (
            ".ci-tools/quarantine.yml: a.py::t[#1: x] may fail until 2999-12-31\n"
            ".ci-tools/quarantine.yml: a.py::t[#1: x] is out\n"
        ),
    )


def test_days_count_from_today() -> None:
    before = datetime.now(timezone.utc).date()
    assert add("--expires", "30d") == 0
    days = dict(re.findall(r"(since|expires): (.*)", FILE.read_text()))
    since, expires = (date.fromisoformat(days[name]) for name in ("since", "expires"))
    assert before <= since <= datetime.now(timezone.utc).date()
    assert expires - since == timedelta(days=30)


@pytest.mark.parametrize("text", ["soon", "30", "-1d", "99999d", "2026-02-30", "20260101", "2026-1-1", ""])
def test_an_end_that_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        add(f"--expires={text}")
    assert caught.value.fact == f"--expires: {text!r} is no day"
    assert caught.value.hint == "say one like 2026-12-31, or 30d for 30 days from today"
    assert not FILE.exists()


def test_an_end_in_the_past_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        add("--expires", "2020-01-01")
    assert caught.value.fact.startswith("expires on 2020-01-01, before it began on 2")
    assert not FILE.exists()


def test_a_second_entry_for_a_test_is_refused() -> None:
    add("--expires", "30d")
    text = FILE.read_text()
    with pytest.raises(UsageError) as caught:
        add("--expires", "60d")
    assert caught.value.fact == ".ci-tools/quarantine.yml:4: 'a.py::t[#1: x]' is there already"
    assert FILE.read_text() == text
    assert add("--expires", "60d", "--glob") == 0
    assert "- glob: 'a.py::t[#1: x]'\n" in FILE.read_text()
    assert quarantine("remove", "a.py::t[#1: x]", "--glob") == 0
    assert FILE.read_text() == text


def test_check_names_what_is_wrong_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    write(BAD)
    assert quarantine("check") == 1
    assert capsys.readouterr() == (
        (
            ".ci-tools/quarantine.yml:10: expired on 2026-01-02: 'b/*\\x1b'\n"
            "1 entry of .ci-tools/quarantine.yml, 1 problem\n"
        ),
        "",
    )


def test_check_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    write(BAD)
    assert quarantine("check", "--format", "json") == 1
    assert json.loads(capsys.readouterr().out) == {
        "format": "xdist-ci/quarantine",
        "version": 1,
        "path": ".ci-tools/quarantine.yml",
        "entries": [
            {
                "id": "a.py::t[x]",
                "reason": "slow",
                "owner": "@ann",
                "since": "2026-01-01",
                "expires": "2999-12-31",
                "issue": "",
                "line": 1,
            }
        ],
        "problems": [{"line": 10, "text": "expired on 2026-01-02: 'b/*\\x1b'"}],
        "stale": [],
    }


def test_nothing_is_quarantined_without_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert (quarantine("check"), quarantine("list")) == (0, 0)
    out, err = capsys.readouterr()
    assert out == "0 entries of .ci-tools/quarantine.yml\n" * 2
    assert err == "no .ci-tools/quarantine.yml: nothing is quarantined\n" * 2


@pytest.mark.parametrize("words", [("list",), ("check",), ("remove", "a::b")])
def test_a_file_that_is_named_must_be_there(words: tuple[str, ...]) -> None:
    with pytest.raises(CiToolsError) as caught:
        quarantine(*words, "--file", "q.yml")
    assert (caught.value.fact, caught.value.exit_code) == ("no such file: q.yml", 3)


def test_check_names_stale_entries_and_that_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    write(BAD.replace("2026-01-02", "2999-12-31").replace("b/*", "b.py::*"))
    plan = plan_of_files(["a.py"])
    report = merge([bundle(plan, 1, [attempt("a.py::t[x]")])], plan)
    for n in range(1, 11):
        place = RunRecord(key="tests", branch="main", sha=f"{n}" * 40, run_id=n, run_attempt=1, at_s=float(n))
        record(Path("history.sqlite"), report, place)
    assert quarantine("check", "--history", "history.sqlite") == 0
    assert quarantine("check", "--history", "history.sqlite", "--base", "other") == 0
    assert capsys.readouterr().out == (
        ".ci-tools/quarantine.yml:1: stale: green in the last 10 runs, so that at most 25.9 % fail: 'a.py::t[x]'\n"
        ".ci-tools/quarantine.yml:6: stale: there is no such test: 'b.py::*\\x1b'\n"
        "2 entries of .ci-tools/quarantine.yml, 2 stale\n"
        "2 entries of .ci-tools/quarantine.yml\n"
    )


def test_a_history_that_is_named_must_be_there() -> None:
    write(BAD)
    with pytest.raises(CiToolsError) as caught:
        quarantine("check", "--history", "gone.sqlite")
    assert (caught.value.fact, caught.value.hint) == (
        "no such file: gone.sqlite",
        "`ci-tools merge --history` makes one",
    )


def test_the_page_s_example_is_right() -> None:
    example = PAGE.partition("```yaml\n")[2].partition("```")[0]
    found = read_quarantine(example, path=".ci-tools/quarantine.yml", today=date(2026, 6, 15))
    assert [entry.pattern for entry in found.entries] == ["tests/test_clock.py::test_tick[1]"]
    (problem,) = found.problems
    assert f"\n{found.path}:{problem.line}: {problem.text}\n1 entry of {found.path}, 1 problem\n" in PAGE


def test_every_option_of_every_action_is_on_the_page() -> None:
    parser = argparse.ArgumentParser()
    configure(parser)
    (actions,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    for name, sub in actions.choices.items():
        assert f"quarantine {name}" in PAGE
        options = [word for action in sub._actions for word in action.option_strings if word not in ("-h", "--help")]
        assert [option for option in options if f"`{option}" not in PAGE] == []
