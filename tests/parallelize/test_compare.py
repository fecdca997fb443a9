"""Serial runs against parallel ones, test by test: each kind of difference, and the honest words for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parallelize.arms import run

from ci_tools.parallelize.compare import Hang, Kind, compare
from ci_tools.parallelize.words import hang_words, own_frames, rates
from ci_tools.trial.result import Result


def runs(letters: str) -> list[Result]:
    """Runs of one test, and of another one that always passes."""
    return [run({"a.py::test": letter, "a.py::other": "p"}) for letter in letters]


@pytest.mark.parametrize(
    ("serial", "parallel", "kind"),
    [
        ("pp", "pp", None),
        ("px", "xp", None),
        ("FF", "FF", Kind.BOTH),
        ("FE", "CF", Kind.BOTH),
        ("pp", "FF", Kind.PARALLEL),
        ("pp", "pF", Kind.PARALLEL),  # a race needn't show each time
        ("ss", "pF", Kind.PARALLEL),
        ("pp", "CC", Kind.PARALLEL),
        ("FF", "pp", Kind.SERIAL),
        ("Fp", "pp", Kind.FLAKY),
        ("Fp", "FF", Kind.FLAKY),
        ("FF", "Fp", Kind.FLAKY),
        ("pp", "p-", Kind.LOST),
        ("pp", "F-", Kind.LOST),
        ("p-", "pp", Kind.LOST),
        ("pp", "  ", Kind.UNCOLLECTED),
        ("  ", "pp", Kind.UNCOLLECTED),
        ("pp", "p ", Kind.UNCOLLECTED),
        ("FF", "F ", Kind.UNCOLLECTED),
        ("p ", " p", Kind.UNCOLLECTED),
        ("p ", "F ", Kind.PARALLEL),
        ("pp", "ss", Kind.SKIPPED),
        ("ss", "pp", Kind.SKIPPED),
        ("pp", "sp", None),  # a skip by what is there at the moment
        ("ss", "ss", None),
    ],
)
def test_each_kind(serial: str, parallel: str, kind: Kind | None) -> None:
    comparison = compare(runs(serial), runs(parallel))
    assert [(d.nodeid, d.kind) for d in comparison.differences] == ([("a.py::test", kind)] if kind else [])
    assert comparison.n_tests == 2


letters = st.text("pFECsx- ", min_size=1, max_size=3)


@given(letters, letters)
def test_no_failure_and_no_loss_is_left_out_and_nothing_else_is_told(serial: str, parallel: str) -> None:
    comparison = compare(runs(serial), runs(parallel))
    is_bad = bool(set("FEC-") & {*serial, *parallel})
    is_missing = " " in serial + parallel and set(serial + parallel) != {" "}
    skips = [bool(set(arm) & {"s"}) for arm in (serial, parallel)]
    assert len(comparison.differences) == 1 if is_bad or is_missing else len(comparison.differences) <= any(skips)
    for difference in comparison.differences:
        assert (difference.serial.runs, difference.parallel.runs) == (
            len(serial.replace(" ", "")),
            len(parallel.replace(" ", "")),
        )
        assert ("F" in parallel or "E" in parallel or "C" in parallel) or difference.kind is not Kind.PARALLEL


def test_what_is_lost_or_skipped_in_parallel_is_told_from_what_is_so_serially() -> None:
    serial = run({"a::lost": "p", "a::back": "-", "a::new": " ", "a::gone": "p", "a::skips": "p", "a::runs": "s"})
    parallel = run({"a::lost": "-", "a::back": "p", "a::new": "p", "a::gone": " ", "a::skips": "s", "a::runs": "p"})
    comparison = compare([serial], [parallel])
    assert {d.nodeid for d in comparison.lost} == {"a::lost", "a::gone"}
    assert {d.nodeid for d in comparison.new_skips} == {"a::skips"}


def test_a_test_that_only_some_runs_collect_is_lost_where_more_parallel_ones_lack_it() -> None:
    (gone,) = compare(runs("pp"), runs("p ")).lost
    assert rates(gone) == "not collected in 1 of 2 parallel runs"
    assert [d.nodeid for d in compare([run({"a.py::test": "p"})], [run({})]).lost] == ["a.py::test"]
    comparison = compare(runs("p "), runs(" p"))
    assert (len(comparison.differences), comparison.lost) == (1, ())
    broken = run({}, problem="killed while collecting")
    assert compare(runs("pp"), [*runs("p"), broken]).differences == ()  # a hang, and no loss of each test


def test_a_file_that_cannot_be_collected_stands_for_its_tests_and_is_no_loss_of_others() -> None:
    text = "a.py:1: in <module>\n    import b\nE   a line\nE   ModuleNotFoundError: No module named 'b'\nE   more"
    serial = run({"a.py::one": "p", "a.py::two": "p", "b.py::test": "p"})
    parallel = run({"a.py": "E", "b.py::test": "-"}, problem="broken: not collected: 'a.py'", text=text)
    (difference,) = compare([serial], [parallel]).differences
    assert (difference.nodeid, difference.kind, difference.n_tests) == ("a.py", Kind.UNCOLLECTED, 2)
    assert difference.message == "ModuleNotFoundError: No module named 'b'"
    assert rates(difference) == "not collected in parallel, 2 tests"
    both = compare([run({"a.py": "E"}, problem="broken")], [run({"a.py": "E"}, problem="broken")])
    assert [(d.nodeid, d.kind) for d in both.differences] == [("a.py", Kind.BOTH)]


def test_pytest_xdist_goes_on_without_a_file_and_then_others_are_lost_if_they_are() -> None:
    serial = run({"a.py::test": "p", "b.py::test": "p"})
    parallel = run({"gw1": "E", "b.py::test": "-"}, text="Different tests were collected\n- a\n+ b")
    found = {d.nodeid: (d.kind, d.message) for d in compare([serial], [parallel]).differences}
    assert found == {
        "gw1": (Kind.UNCOLLECTED, "Different tests were collected"),
        "a.py::test": (Kind.UNCOLLECTED, ""),
        "b.py::test": (Kind.LOST, ""),
    }


def test_the_first_failure_is_the_one_that_is_told() -> None:
    failed = [run({"a.py::test": "F"}, message=f"message {i}", text=f"text {i}") for i in (1, 2)]
    (difference,) = compare([run({"a.py::test": "p"})], failed).differences
    assert (difference.message, difference.text) == ("message 1", "text 1")
    (file,) = compare([run({"a.py": "E"}, text=f"E   {i}") for i in (1, 2)], [run({})]).differences
    assert (file.message, file.text) == ("1", "E   1")


def test_rates_have_their_bounds() -> None:
    (difference,) = compare(runs("pp"), runs("pF")).differences
    assert rates(difference) == (
        "fails in 1 of 2 parallel runs (50.0 %, 95 % interval 1.3 to 98.7 %), 0 of 2 serial runs (at most 77.6 %)"
    )


def test_a_stuck_test_is_told_once_and_a_run_that_did_not_end_with_what_it_left_out() -> None:
    stuck = run({"a.py::test": "C"}, message="stuck for 60.0 s: its worker gw0 was killed", text="stacks")
    stalled = run({"a.py::test": "-", "b.py::test": "-"}, problem="killed: stalled for 60.0 s\nlast line")
    hangs = compare(runs("p"), [stuck, runs("p")[0], stuck, stalled]).hangs
    assert hangs == (
        Hang(
            arm="parallel",
            runs=(1, 3),
            what="stuck for 60.0 s: its worker gw0 was killed",
            nodeid="a.py::test",
            text="stacks",
        ),
        Hang(
            arm="parallel",
            runs=(4,),
            what="killed: stalled for 60.0 s",
            text="last line",
            unreported=("a.py::test", "b.py::test"),
        ),
    )
    assert [hang_words(hang)[2] for hang in hangs] == ["parallel runs 1, 3", "parallel run 4; 2 tests without a result"]


def test_stacks_are_shown_without_the_frames_of_pytest() -> None:
    lib = "/v/lib/python3.12/site-packages"
    stacks = (
        f'Current thread 0x1 (most recent call first):\n  File "{lib}/execnet/gateway_base.py", line 5 in read\n\n'
        f'Thread 0x2 (most recent call first):\n  File "/p/shop/db.py", line 8 in lock\n'
        f'  File "/p/tests/test_a.py", line 3 in test_a\n  File "{lib}/_pytest/python.py", line 1 in pyfunc_call\n'
        '  File "<string>", line 8 in <module>'
    )
    assert own_frames(stacks) == (
        'Thread 0x2 (most recent call first):\n  File "/p/shop/db.py", line 8 in lock\n'
        '  File "/p/tests/test_a.py", line 3 in test_a'
    )
    assert own_frames("no stacks at all") == "no stacks at all"
