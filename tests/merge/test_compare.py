"""The cause of each failing test, and what a quarantine and the past make of the verdict."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from bundles import attempt, bundle, plan_of_files, seen
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_tools.formats import report_json
from ci_tools.history.quarantine import read_quarantine
from ci_tools.merge.compare import judged
from ci_tools.merge.judge import merge
from ci_tools.model.quarantine import Entry, Problem, Quarantine
from ci_tools.model.report import POLICIES, Conclusion, Report
from ci_tools.model.run import Attempt, CollectedFile, FileState, Outcome
from ci_tools.model.verdict import BaseRun, Cause, Judgement, Past, PastTest

PLAN = plan_of_files(["a.py"], ["b.py"])
A, B = "a.py::test_a", "b.py::test_b"
TODAY = date(2026, 6, 15)
BASE = BaseRun(branch="main", sha="9f3c1ab" + "0" * 33, run_id=7, at_s=1.0, tests=2)
NOBODY = Quarantine()


def run(*attempts: Attempt, state: str = "") -> Report:
    """Return the report on a green shard 1, and on shard 2 with these attempts."""
    how = {"killed": {"sealed": False}, "broken": {"status": 3}}.get(state, {})
    files = seen(*dict.fromkeys(a.nodeid for a in attempts), *(["b.py::late"] if state == "killed" else []))
    return merge([bundle(PLAN, 1, [attempt(A)]), bundle(PLAN, 2, attempts, files, **how)], PLAN)  # type: ignore[arg-type]


def entry(pattern: str, *, is_glob: bool = False, line: int = 1) -> Entry:
    return Entry(
        pattern=pattern,
        is_glob=is_glob,
        reason="races with the clock",
        owner="@ann",
        since=TODAY,
        expires=date(2026, 12, 1),
        issue="#12",
        line=line,
    )


def holding(*patterns: str) -> Quarantine:
    return Quarantine(path="q.yml", entries=tuple(entry(pattern, line=n) for n, pattern in enumerate(patterns, 1)))


def past(base: BaseRun | None = BASE, **fields: object) -> Past:
    """Return what is known when all of it is about test B."""
    return Past(base=base, tests={B: PastTest(**fields)} if fields else {})  # type: ignore[arg-type]


def judgement(report: Report, known: Past, quarantine: Quarantine = NOBODY) -> tuple[str, str]:
    (one,) = judged(report, past=known, quarantine=quarantine, fail_on="any").judgements
    assert one.nodeid == B
    return one.cause.value, one.why


FULL_DISK = "OSError: [Errno 28] No space left on device: '/tmp/x'"
# Everything at once: the first rule that fits decides, and each row takes its predecessor's reason away.
RED_BASE = {"outcome": Outcome.FAILED, "red_runs": 4, "red_since": "9f3c1ab" * 5, "runs": 41, "flaky_runs": 3}
OTHERS = {"green_keys": ("py3.11", "py3.12")}
PRECEDENCE = [
    (FULL_DISK, BASE, RED_BASE | OTHERS, holding(B), Cause.QUARANTINED,
     "races with the clock, owner @ann, until 2026-12-01, #12"),
    (FULL_DISK, BASE, RED_BASE | OTHERS, NOBODY, Cause.INFRASTRUCTURE, "no space left on the device"),
    ("boom", BASE, RED_BASE | OTHERS, NOBODY, Cause.BASE, "since 9f3c1ab, 4 runs"),
    ("boom", BASE, RED_BASE | OTHERS | {"outcome": Outcome.PASSED}, NOBODY, Cause.ENVIRONMENT,
     "passed under py3.11, py3.12"),
    ("boom", None, OTHERS | {"runs": 41, "flaky_runs": 3}, NOBODY, Cause.ENVIRONMENT, "passed under py3.11, py3.12"),
    ("boom", None, {"runs": 41, "flaky_runs": 3}, NOBODY, Cause.NOT_COMPARED, ""),
    ("boom", None, {"outcome": Outcome.FAILED, "red_runs": 4}, NOBODY, Cause.NOT_COMPARED, ""),
    ("boom", BASE, {}, NOBODY, Cause.NEW_TEST, ""),
    ("boom", BASE, {"outcome": Outcome.PASSED, "runs": 41, "flaky_runs": 3}, NOBODY, Cause.FLAKY, "3 of 41 runs"),
    ("boom", BASE, {"outcome": Outcome.PASSED, "runs": 41, "flaky_runs": 0}, NOBODY, Cause.NEW, ""),
    ("boom", BASE, {"outcome": Outcome.SKIPPED}, NOBODY, Cause.NEW, ""),
]  # fmt: skip


@pytest.mark.parametrize(("message", "base", "fields", "quarantine", "cause", "why"), PRECEDENCE)
def test_the_first_rule_that_fits_is_the_cause(
    message: str, base: BaseRun | None, fields: dict[str, object], quarantine: Quarantine, cause: Cause, why: str
) -> None:
    report = run(attempt(B, "failed", message=message))
    assert judgement(report, past(base, **fields), quarantine) == (cause.value, why)


def test_each_cause_has_its_row_above_and_on_the_page_in_this_order() -> None:
    page = (Path(__file__).parents[2] / "docs" / "verdicts.md").read_text()
    table = page.partition("| cause |")[2].partition("\n\n")[0]
    order = list(dict.fromkeys(row[4] for row in PRECEDENCE))
    assert set(order) == set(Cause)
    assert re.findall(r"^\| ([a-z][\w -]+?) \|", table, re.MULTILINE) == [cause.value for cause in order]
    quiet = [line for line in table.splitlines() if line.rstrip(" |").endswith(("doesn't redden", "with no policy"))]
    assert len(quiet) == sum(cause.is_known for cause in Cause)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("OSError: [Errno 12] Cannot allocate memory", "out of memory"),
        ("OSError: [Errno 30] Read-only file system: '/x'", "the file system is read-only"),
        ('failed on setup with "OSError: [Errno 28] No space left on device"', "no space left on the device"),
        ("MemoryError", "out of memory"),
        ("numpy._core._exceptions._ArrayMemoryError: Unable to allocate 7 GiB", "out of memory"),
        ("OSError: [Errno 2] No such file or directory", None),
        ("OSError: [Errno 280] x", None),
        ("AssertionError: assert 'OSError: [Errno 28]' in ''", None),
        ("Failed: DID NOT RAISE <class 'MemoryError'>", None),
        ("MemoryErrors", None),
        ("", None),
    ],
)
def test_a_failure_is_the_machines_where_its_exception_says_so(message: str, why: str | None) -> None:
    report = run(attempt(B, "error", message=message))
    assert judgement(report, past()) == (("infrastructure", why) if why else ("new test", ""))


@pytest.mark.parametrize(
    ("state", "outcome", "found"),
    [
        ("killed", "crashed", ("infrastructure", "its shard was killed")),
        ("broken", "crashed", ("infrastructure", "its shard is broken")),
        ("", "crashed", ("new test", "")),
        ("killed", "failed", ("new test", "")),
    ],
)
def test_a_crash_is_the_machines_where_its_shard_died_too(state: str, outcome: str, found: tuple[str, str]) -> None:
    assert judgement(run(attempt(B, outcome), state=state), past()) == found


@pytest.mark.parametrize(
    ("n_failed", "then", "flaky_runs", "found"),
    [
        (1, "", 3, ("known flaky", "3 of 41 runs")),
        (2, "", 3, ("new", "failed 2 times in a row, flaky in only 3 of 41 runs")),
        (1, "", 1, ("known flaky", "1 of 41 runs")),
        (6, "", 20, ("known flaky", "20 of 41 runs")),
        (7, "", 20, ("new", "failed 7 times in a row, flaky in only 20 of 41 runs")),
        (9, "", 41, ("known flaky", "41 of 41 runs")),
        (3, "passed", 3, ("known flaky", "3 of 41 runs")),
    ],
)
def test_a_flaky_test_that_fails_too_often_for_its_record_is_news(
    n_failed: int, then: str, flaky_runs: int, found: tuple[str, str]
) -> None:
    """The upper end of the rate's 95 % interval to the power of the failures: below 5 % it was no chance."""
    attempts = [attempt(B, "failed", rerun=n) for n in range(n_failed)]
    # A pass of a re-run of the job in between, and the newest attempt red again.
    older = [bundle(PLAN, 2, [attempt(B, then)])] if then else []
    newest = bundle(PLAN, 2, attempts, run_attempt=2)
    report = merge([bundle(PLAN, 1, [attempt(A)]), *older, newest], PLAN)
    known = past(outcome=Outcome.PASSED, runs=41, flaky_runs=flaky_runs)
    assert judgement(report, known) == found


def test_many_keys_are_counted_and_a_red_base_without_a_commit_says_its_runs() -> None:
    report = run(attempt(B, "failed"))
    assert judgement(report, past(green_keys=tuple("abcde"))) == (
        "environment-specific",
        "passed under a, b, c and 2 more",
    )
    assert judgement(report, past(outcome=Outcome.ERROR, red_runs=1)) == ("also red on the base", "1 run")


# The verdict


def verdict(report: Report, quarantine: Quarantine, known: Past | None = None) -> tuple[object, ...]:
    result = judged(report, past=known or Past(), quarantine=quarantine, fail_on="any")
    assert report_json.loads(report_json.dumps(result), source="") == result
    return result.conclusion.value, result.exit_code, result.reasons, result.notes


HELD = f"1 quarantined test failed, which reddens nothing: '{B}'"


def test_a_run_whose_failures_are_all_quarantined_has_passed_and_says_which() -> None:
    report = run(attempt(B, "failed"))
    assert verdict(report, NOBODY) == ("failed", 1, (f"1 test failed: '{B}'",), ())
    assert verdict(report, holding(B)) == ("passed", 0, (), (HELD,))
    assert judged(report, past=Past(), quarantine=holding(B), fail_on="any").shards == report.shards


def test_the_reasons_name_the_failures_that_redden() -> None:
    report = run(attempt(B, "failed"), attempt("b.py::test_c", "error"))
    assert verdict(report, holding(B)) == ("failed", 1, ("1 test failed: 'b.py::test_c'",), (HELD,))


def test_what_else_is_wrong_with_the_run_stays_wrong() -> None:
    both = [bundle(PLAN, 1, [attempt(A)], status=0, exit_code=2), bundle(PLAN, 2, [attempt(B, "failed")])]
    threshold = "shard 1: the command exited 2 after pytest had passed"
    assert verdict(merge(both, PLAN), holding(B)) == ("failed", 1, (threshold,), (HELD,))
    three = [both[0], bundle(PLAN, 2, [attempt(B, "failed"), attempt("b.py::test_c", "failed")])]
    reasons = ("1 test failed: 'b.py::test_c'", threshold)
    assert verdict(merge(three, PLAN), holding(B)) == ("failed", 1, reasons, (HELD,))
    why = "shard 1 is missing: no bundle of it was found; 1 test or file did not run"
    assert verdict(merge(both[1:], PLAN), holding(B)) == ("incomplete", 3, (why,), (HELD,))
    assert verdict(merge(both[1:], PLAN), NOBODY) == ("incomplete", 3, (why, f"1 test failed: '{B}'"), ())


def test_a_file_that_cannot_be_collected_is_never_quarantined() -> None:
    """Nobody knows which of its tests did not run."""
    broken = replace(attempt("b.py", "error"), phase="collect")
    odd = replace(attempt("b.py::x", "error"), phase="collect")
    report = run(broken, odd)
    everything = Quarantine(path="q.yml", entries=(entry("b.py*", is_glob=True), entry("b.py"), entry("b.py::x")))
    result = judged(report, past=Past(), quarantine=everything, fail_on="any")
    assert [one.cause for one in result.judgements] == [Cause.NOT_COMPARED, Cause.NOT_COMPARED]
    assert result.conclusion is Conclusion.FAILED


def test_problems_of_the_file_are_notes_with_their_lines_and_not_without_end() -> None:
    problem = Problem(line=12, text=f"expired on 2026-11-01: '{B}'")
    report = run(attempt(B))
    assert verdict(report, Quarantine(path=".ci-tools/quarantine.yml", problems=(problem,))) == (
        "passed",
        0,
        (),
        (f".ci-tools/quarantine.yml:12: expired on 2026-11-01: '{B}'",),
    )
    many = tuple(Problem(line=line, text="no owner") for line in range(1, 5001))
    notes = verdict(report, Quarantine(path="q.yml", problems=many))[3]
    assert notes == (
        *(f"q.yml:{n}: no owner" for n in range(1, 21)),
        "q.yml: 4,980 more: see `ci-tools quarantine check`",
    )


def test_stale_entries_are_notes() -> None:
    report = run(attempt(B))
    quarantine = holding(A, B, "b.py::gone", "c.py::skipped", "d.py::ignored", "b.py::deselected")
    report = replace(report, skipped_modules=("c.py",), ignored=("d.py",), deselected=("b.py::deselected",))
    known = Past(base=BASE, tests={A: PastTest(green_runs=12, runs=12), B: PastTest(green_runs=9, runs=12)})
    assert verdict(report, quarantine, known)[3] == (
        f"q.yml:1: stale: green in the last 12 runs, so that at most 22.1 % fail: '{A}'",
        "q.yml:3: stale: there is no such test: 'b.py::gone'",
    )


def test_an_entry_whose_test_fails_now_is_not_stale() -> None:
    known = Past(base=BASE, tests={B: PastTest(green_runs=12, runs=12)})
    assert verdict(run(attempt(B, "failed")), holding(B), known)[3] == (HELD,)


def test_an_incomplete_run_does_not_tell_which_tests_are_gone() -> None:
    report = merge([bundle(PLAN, 2, [attempt(B)])], PLAN)
    assert verdict(report, holding(A, "b.py::gone"))[3] == ()


def test_a_file_that_was_not_collected_does_not_tell_which_tests_are_gone() -> None:
    report = run(replace(attempt("b.py", "error"), phase="collect"))
    assert verdict(report, holding("b.py::test_x"))[3] == ()


# Laws

IDS = [f"{file}::test_{name}" for file in ("a.py", "b.py") for name in "xyz"]
WORST = {Conclusion.PASSED: 0, Conclusion.FAILED: 1, Conclusion.INCOMPLETE: 2}
outcomes = st.sampled_from(["passed", "failed", "error", "skipped", "xfailed", "xpassed", "crashed"])


@st.composite
def reports(draw: st.DrawFn) -> Report:
    found = []
    for shard, file in ((1, "a.py"), (2, "b.py")):
        ids = [nodeid for nodeid in IDS if nodeid.startswith(file)]
        attempts = [attempt(nodeid, draw(outcomes)) for nodeid in draw(st.lists(st.sampled_from(ids), max_size=4))]
        sealed = draw(st.integers(0, 5)) > 0
        if draw(st.integers(0, 9)):
            found.append(bundle(PLAN, shard, attempts, seen(*ids) if not sealed else None, sealed=sealed))
    return merge(found, PLAN)


past_tests = st.builds(
    PastTest,
    outcome=st.one_of(st.none(), st.sampled_from(Outcome)),
    p50_s=st.one_of(st.none(), st.floats(0, 1)),
    runs=st.integers(0, 40),
    flaky_runs=st.integers(0, 3),
    green_runs=st.integers(0, 12),
    green_keys=st.sampled_from([(), ("py3.12",)]),
)
pasts = st.builds(Past, base=st.sampled_from([None, BASE]), tests=st.dictionaries(st.sampled_from(IDS), past_tests))
patterns = st.one_of(st.sampled_from(IDS).map(entry), st.sampled_from(["a*", "*z", "?.py::*", "q*"]).map(
    lambda pattern: entry(pattern, is_glob=True)))  # fmt: skip
quarantines = st.lists(patterns, max_size=4).map(lambda entries: Quarantine(path="q.yml", entries=tuple(entries)))
policies = st.sampled_from(POLICIES)


@settings(deadline=None)
@given(reports(), pasts, quarantines, policies)
def test_judging_twice_is_judging_once_and_each_failure_has_one_cause(
    report: Report, known: Past, quarantine: Quarantine, fail_on: str
) -> None:
    once = judged(report, past=known, quarantine=quarantine, fail_on=fail_on)
    assert judged(once, past=known, quarantine=quarantine, fail_on=fail_on) == once
    assert [one.nodeid for one in once.judgements] == sorted(case.nodeid for case in report.bad)
    assert report_json.loads(report_json.dumps(once), source="") == once
    assert bool(once.reasons) == (once.conclusion is not Conclusion.PASSED)
    assert (once.changes is None) == (known.base is None)


@settings(deadline=None)
@given(reports(), pasts, quarantines, patterns, policies)
def test_one_more_entry_reddens_nothing_and_excuses_no_other_test(
    report: Report, known: Past, quarantine: Quarantine, more: Entry, fail_on: str
) -> None:
    before = judged(report, past=known, quarantine=quarantine, fail_on=fail_on)
    entries = (*quarantine.entries, more)
    after = judged(report, past=known, quarantine=replace(quarantine, entries=entries), fail_on=fail_on)
    assert WORST[after.conclusion] <= WORST[before.conclusion] and after.exit_code <= before.exit_code
    changed = [one for one in after.judgements if one not in before.judgements]
    assert all(more.matches(one.nodeid) and one.cause is Cause.QUARANTINED for one in changed)


@settings(deadline=None)
@given(reports(), pasts, quarantines, policies, st.randoms(use_true_random=False))
def test_the_order_of_what_is_known_is_nothing(
    report: Report, known: Past, quarantine: Quarantine, fail_on: str, random: object
) -> None:
    tests = list(known.tests.items())
    entries = list({one.pattern: one for one in quarantine.entries}.values())
    random.shuffle(tests)  # type: ignore[attr-defined]
    random.shuffle(entries)  # type: ignore[attr-defined]
    found = judged(report, past=known, quarantine=quarantine, fail_on=fail_on)
    shuffled = Past(base=known.base, tests={"other.py::t": PastTest(), **dict(tests)})
    other = judged(report, past=shuffled, quarantine=replace(quarantine, entries=tuple(entries)), fail_on=fail_on)
    assert replace(found, notes=()) == replace(other, notes=())


TEXT = "".join(
    f"- id: {nodeid}\n  reason: r\n  owner: o\n  since: 2026-06-01\n  expires: 2026-07-0{n}\n"
    for n, nodeid in enumerate(IDS, 1)
)


@settings(deadline=None, max_examples=150)
@given(
    reports(), policies, st.integers(0, TEXT.count("\n") - 1), st.text(" -:#'[{*&!\n\x00a0", max_size=12), st.booleans()
)
def test_damage_to_the_file_makes_no_verdict_greener(
    report: Report, fail_on: str, line: int, damage: str, cut_off: bool
) -> None:
    """A line is replaced, or the file ends there: nobody is quarantined whom the whole file doesn't quarantine."""
    lines = TEXT.splitlines(keepends=True)
    text = "".join([*lines[:line], damage, *([] if cut_off else ["\n", *lines[line + 1 :]])])
    whole, damaged = (read_quarantine(t, path="q.yml", today=TODAY) for t in (TEXT, text))
    assert len(whole.entries) == len(IDS)
    before, after = (judged(report, past=Past(), quarantine=q, fail_on=fail_on) for q in (whole, damaged))
    assert WORST[after.conclusion] >= WORST[before.conclusion] and after.exit_code >= before.exit_code
    assert {case.nodeid for case in after.quarantined} <= {case.nodeid for case in before.quarantined}


def test_the_judgements_are_of_all_failures_in_order() -> None:
    report = run(attempt("b.py::z", "failed"), attempt("b.py::y", "passed"), attempt("b.py::x", "crashed"))
    found = judged(report, past=past(), quarantine=NOBODY, fail_on="new")
    assert found.judgements == tuple(Judgement(nodeid=f"b.py::{n}", cause=Cause.NEW_TEST) for n in "xz")
    assert (found.fail_on, found.exit_code) == ("new", 1)


def test_a_module_that_skipped_itself_is_no_failure() -> None:
    skipped = CollectedFile(file="b.py", state=FileState.SKIPPED, reason="no")
    report = merge([bundle(PLAN, 1, [attempt(A)]), bundle(PLAN, 2, [], [skipped])], PLAN)
    assert judged(report, past=past(), quarantine=NOBODY, fail_on="any").judgements == ()
