"""What is known of a test, by example and against plain Python."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded import LETTERS, past_of, report, run, write_runs

from ci_tools.history.look import story
from ci_tools.history.record import record
from ci_tools.model.run import Outcome
from ci_tools.model.verdict import BaseRun, PastTest

RED, GREEN = "FEC", "PRX"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


def sha(number: int) -> str:
    return f"{number:040x}"


def of(path: Path, letters: str) -> PastTest:
    """Record one test in runs of these results, oldest first; a blank: it wasn't in that run."""
    write_runs(path, *({"a": letter} if letter != " " else {"other": "P"} for letter in letters))
    return past_of(path).tests["a"]


@pytest.mark.parametrize(
    ("letters", "past"),
    [
        ("P", PastTest(outcome=Outcome.PASSED, p50_s=1.0, runs=1, green_runs=1)),
        ("PPP", PastTest(outcome=Outcome.PASSED, p50_s=1.0, runs=3, green_runs=3)),
        ("PPF", PastTest(outcome=Outcome.FAILED, p50_s=1.0, runs=3, red_runs=1, red_since=sha(3))),
        ("PFEC", PastTest(outcome=Outcome.CRASHED, p50_s=1.0, runs=4, red_runs=3, red_since=sha(2))),
        ("F SF", PastTest(outcome=Outcome.FAILED, runs=2, red_runs=2, red_since=sha(1))),
        ("FFP", PastTest(outcome=Outcome.PASSED, p50_s=1.0, runs=3, green_runs=1)),
        ("PRP", PastTest(outcome=Outcome.PASSED, p50_s=1.0, runs=3, flaky_runs=1, green_runs=1)),
        ("PPR", PastTest(outcome=Outcome.PASSED, p50_s=1.0, runs=3, flaky_runs=1)),
        ("FR", PastTest(outcome=Outcome.PASSED, p50_s=1.0, runs=2, flaky_runs=1)),
        ("PxS", PastTest(outcome=Outcome.SKIPPED, p50_s=1.0, runs=1, green_runs=1)),
        ("FX", PastTest(outcome=Outcome.XPASSED, runs=2, green_runs=1)),
        ("PF ", PastTest(outcome=None, p50_s=1.0, runs=2, red_runs=1, red_since=sha(2))),
        ("x", PastTest(outcome=Outcome.XFAILED)),
    ],
)
def test_streaks_rates_and_the_base(path: Path, letters: str, past: PastTest) -> None:
    assert of(path, letters) == past


def test_the_base_is_the_newest_complete_run_of_the_branch_and_key_but_never_this_very_run(path: Path) -> None:
    write_runs(path, {"a": "P"}, {"a": "F"})
    record(path, report({"a": "P"}, is_complete=False), run(3))
    record(path, report({"a": "P"}), run(4, branch="dev"))
    record(path, report({"a": "P"}), run(5, key="py3.13"))
    base = past_of(path).base
    assert base == BaseRun(branch="main", sha=sha(2), run_id=2, at_s=run(2).at_s, tests=1)
    assert past_of(path, run_id=2).base == BaseRun(branch="main", sha=sha(1), run_id=1, at_s=run(1).at_s, tests=1)
    assert past_of(path, branch="none").base is None


def test_an_incomplete_run_before_the_base_counts_and_one_after_it_does_not(path: Path) -> None:
    write_runs(path, {"a": "F"}, {"a": "F"})
    record(path, report({"a": "F"}, is_complete=False), run(1))
    record(path, report({"a": "P"}, is_complete=False), run(3))
    past = past_of(path).tests["a"]
    assert (past.runs, past.red_runs, past.red_since) == (2, 2, sha(1))


def test_without_a_base_it_is_still_known_who_is_flaky(path: Path) -> None:
    record(path, report({"a": "R", "b": "F"}, is_complete=False), run(1))
    past = past_of(path)
    assert past.base is None
    assert past.tests["a"] == PastTest(p50_s=1.0, runs=1, flaky_runs=1)
    assert past.tests["b"] == PastTest(runs=1, red_runs=1, red_since=sha(1))


def test_red_and_green_on_one_commit_is_flaky_without_a_flip(path: Path) -> None:
    for number, (commit, letter) in enumerate([("c", "F"), ("c", "P"), ("c", "F"), ("d", "F"), ("", "F"), ("", "P")]):
        record(path, report({"a": letter}), run(number + 1, sha=commit))
    assert past_of(path).tests["a"].flaky_runs == 2


def test_other_keys_that_passed_on_this_commit_are_named(path: Path) -> None:
    for number, (key, letter) in enumerate([("z", "P"), ("b", "R"), ("c", "F"), ("d", "P"), ("tests", "P")]):
        record(path, report({"a": letter, key: "P"}), run(number + 1, key=key, branch="any", sha="this"))
    record(path, report({"a": "P"}), run(6, key="e", sha="other"))
    record(path, report({"a": "P"}), run(7, key="f", sha=""))
    past = past_of(path, sha="this")
    assert {nodeid: test.green_keys for nodeid, test in past.tests.items()} == {
        "a": ("b", "d", "z"),
        "b": ("b",),
        "c": ("c",),
        "d": ("d",),
        "z": ("z",),
    }
    assert past_of(path, sha="").tests == {}


def test_usual_seconds_are_of_passes_in_the_newest_20_runs_and_nothing_is_older_than_50(path: Path) -> None:
    for number in range(1, 56):
        seconds = 100.0 if number <= 35 else 2.0 if number % 2 else 3.0
        record(path, report({"a": "F" if number == 55 else "P"}, seconds={"a": seconds}), run(number))
    past = past_of(path).tests["a"]
    assert (past.runs, past.p50_s) == (50, 3.0)  # ten of 3 s, nine of 2 s and a failure


def test_the_story_of_a_test_that_has_long_been_red_goes_back_to_the_first_red_commit(path: Path) -> None:
    for number in range(1, 56):
        record(path, report({"a": "P" if number == 1 else "F"}), run(number))
    told, known = story(path, "a").past, past_of(path).tests["a"]
    assert [(past.runs, past.red_runs, past.red_since) for past in (told, known)] == [
        (50, 54, sha(2)),
        (50, 50, sha(6)),
    ]


histories = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abc"), st.tuples(st.sampled_from(sorted(LETTERS)), st.integers(0, 9))),
        st.sampled_from(["c1", "c2", "c3", ""]),
        st.booleans(),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories)
def test_sqlite_counts_as_plain_python_does(history: list[tuple[dict[str, tuple[str, int]], str, bool]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "history.sqlite"
        for number, (results, commit, is_complete) in enumerate(history, 1):
            letters = {nodeid: letter for nodeid, (letter, _) in results.items()}
            seconds = {nodeid: float(value) for nodeid, (_, value) in results.items()}
            record(path, report(letters, seconds=seconds, is_complete=is_complete), run(number, sha=commit))
        complete = [number for number, (_, _, is_complete) in enumerate(history) if is_complete]
        window = history[complete[-1] :: -1] if complete else history[::-1]
        past = past_of(path)
        names = {nodeid for results, _, _ in window for nodeid, (letter, _) in results.items() if letter != "?"}
        expected = {nodeid: counted(nodeid, window, has_base=bool(complete)) for nodeid in names}
        assert past.tests == expected
        for nodeid in names:  # reckoned for one test by other code
            assert story(path, nodeid).past == expected[nodeid]


def counted(nodeid: str, window: list[tuple[dict[str, tuple[str, int]], str, bool]], *, has_base: bool) -> PastTest:
    """Return what the window, newest run first, says of a test; as slowly as it can be said."""
    seen = [(*results[nodeid], commit) for results, commit, _ in window if results.get(nodeid, ("?", 0))[0] != "?"]
    flaky = red = green = 0
    since = ""
    for letter, _, commit in seen:
        others = {other for other, _, where in seen if where == commit and commit}
        flaky += letter == "R" or (letter in RED and any(other in GREEN for other in others))
    for letter, _, commit in seen:
        if letter in GREEN:
            break
        if letter in RED:
            red, since = red + 1, commit
    for letter, _, _ in seen:
        if letter in RED or letter == "R":
            break
        green += letter in GREEN
    base = window[0][0].get(nodeid, ("?", 0))[0]
    passes = [seconds for letter, seconds, _ in seen if letter in "PR"]
    return PastTest(
        outcome=LETTERS[base] if has_base and base != "?" else None,
        p50_s=median(passes) if passes else None,
        runs=sum(letter in RED + GREEN for letter, _, _ in seen),
        flaky_runs=flaky,
        red_runs=red,
        red_since=since,
        green_runs=green,
    )
