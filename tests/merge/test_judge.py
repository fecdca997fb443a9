"""The verdict: what makes a run green, red or incomplete."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bundles import attempt, bundle, plan_of_files, seen

from ci_tools.merge.judge import durations_of, merge, of_key, plan_of
from ci_tools.model.bundle import Bundle
from ci_tools.model.errors import CiToolsError
from ci_tools.model.plan import Atom, Plan, Shard
from ci_tools.model.report import Report
from ci_tools.model.run import CollectedFile, FileState

PLAN = plan_of_files(["a.py"], ["b.py"])
A, B = "a.py::test_a", "b.py::test_b"
GREEN = [bundle(PLAN, 1, [attempt(A)]), bundle(PLAN, 2, [attempt(B)])]


def verdict(report: Report) -> tuple[str, tuple[str, ...]]:
    return report.conclusion.value, report.reasons


def test_all_shards_passed() -> None:
    report = merge(GREEN, PLAN)
    assert verdict(report) == ("passed", ())
    assert [(case.nodeid, case.shard, case.outcome.value) for case in report.cases] == [
        (A, 1, "passed"),
        (B, 2, "passed"),
    ]
    assert [shard.state.value for shard in report.shards] == ["ok", "ok"]


def test_a_failed_test_is_a_no() -> None:
    report = merge([GREEN[0], bundle(PLAN, 2, [attempt(B, "failed")])], PLAN)
    assert verdict(report) == ("failed", (f"1 test failed: '{B}'",))


def test_a_threshold_that_was_missed_beside_a_failed_test_is_said_too() -> None:
    """The test may be quarantined, or known; the threshold never is."""
    red = bundle(PLAN, 2, [attempt(B, "failed")])
    session = replace(red.sessions[0], unexplained=1)
    report = merge([GREEN[0], replace(red, sessions=(session,))], PLAN)
    reason = "shard 2: more failed than its tests: a plugin's threshold, say coverage's"
    assert verdict(report) == ("failed", (f"1 test failed: '{B}'", reason))


def test_an_outcome_that_nobody_knows_is_no_pass() -> None:
    report = merge([GREEN[0], bundle(PLAN, 2, [attempt(B, "unknown")])], PLAN)
    assert verdict(report) == ("incomplete", (f"nobody knows how 1 test ended: '{B}'",))


def test_a_missing_shard_is_named_with_what_it_would_have_run() -> None:
    report = merge(GREEN[:1], PLAN)
    assert verdict(report) == (
        "incomplete",
        ("shard 2 is missing: no bundle of it was found; 1 test or file did not run",),
    )
    assert [(m.name, m.shard, m.why) for m in report.not_run] == [("b.py", 2, "shard 2 is missing")]


def test_a_killed_shard_names_the_running_test_and_what_did_not_run() -> None:
    ids = ["b.py::test_1", "b.py::test_2", "b.py::test_3"]
    killed = bundle(PLAN, 2, [attempt(ids[0])], seen(*ids), sealed=False, running=(ids[1],))
    report = merge([GREEN[0], killed], PLAN)
    why = f"shard 2 was killed while running '{ids[1]}'"
    assert verdict(report) == ("incomplete", (f"{why}; 2 tests or files did not run",))
    assert [(m.name, m.why) for m in report.not_run] == [(ids[1], why), (ids[2], why)]
    assert [case.nodeid for case in report.cases] == [A, ids[0]]


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (2, "pytest was interrupted (exit 2)"),
        (3, "internal error in pytest (exit 3)"),
        (4, "pytest was called wrongly (exit 4)"),
        (70, "pytest ended (exit 70)"),
    ],
)
def test_a_broken_pytest_is_no_failed_test(status: int, why: str) -> None:
    report = merge([GREEN[0], bundle(PLAN, 2, [attempt(B)], status=status)], PLAN)
    assert verdict(report) == ("incomplete", (f"shard 2 is broken: {why}",))


def test_a_command_that_fails_after_its_tests_passed_is_a_no() -> None:
    report = merge([GREEN[0], bundle(PLAN, 2, [attempt(B)], status=0, exit_code=2)], PLAN)
    assert verdict(report) == ("failed", ("shard 2: the command exited 2 after pytest had passed",))


def test_a_threshold_that_pytest_missed_is_a_no() -> None:
    report = merge([GREEN[0], bundle(PLAN, 2, [attempt(B)], status=1)], PLAN)
    reason = "shard 2: pytest exited 1 though no test failed: a plugin's threshold, say coverage's"
    assert verdict(report) == ("failed", (reason,))


def test_a_bundle_of_another_plan_proves_nothing() -> None:
    other = plan_of_files(["b.py"], ["a.py"])
    report = merge([GREEN[0], bundle(other, 2, [attempt(A)])], PLAN)
    assert verdict(report) == (
        "incomplete",
        (
            f"shard 2 is foreign: ran plan {other.digest[:12]}, not {PLAN.digest[:12]}; 1 test or file did not run",
            "all shards must run one plan: give them the plan job's, or commit the recorded times they plan from",
        ),
    )
    assert [case.nodeid for case in report.cases] == [A]
    assert report.duplicated == ()


def test_a_bundle_of_another_number_of_shards_is_named() -> None:
    other = plan_of_files(["a.py"], ["b.py"], ["c.py"])
    report = merge([*GREEN, bundle(other, 3, [])], PLAN)
    reason = "bundle 'shard-3-of-3-attempt-1' is of shard 3 of 3, the plan has 2"
    assert verdict(report) == ("incomplete", (reason,))


def test_a_test_that_two_shards_ran_breaks_the_proof() -> None:
    report = merge([GREEN[0], bundle(PLAN, 2, [attempt(B), attempt(A)])], PLAN)
    assert verdict(report) == ("incomplete", (f"1 test ran more than once: {A}: ran in shards 1, 2",))


def test_a_file_that_its_owner_never_met_is_lost() -> None:
    left = CollectedFile(file="b.py", state=FileState.LEFT)
    absent = CollectedFile(file="b.py", state=FileState.ABSENT)
    first = bundle(PLAN, 1, [attempt(A)], [*seen(A), left])
    report = merge([first, bundle(PLAN, 2, [], [absent])], PLAN)
    assert report.lost == ("b.py: shard 1 left it to shard 2, which didn't find it",)
    assert verdict(report)[0] == "incomplete"


def test_a_test_that_its_owner_never_met_is_lost() -> None:
    atoms = [Atom(file="a.py", expected_ms=1, nodeids=(f"a.py::test_{i}",)) for i in (1, 2)]
    plan = Plan(workers=2, shards=tuple(Shard(index=i, expected_ms=1, atoms=(atoms[i - 1],)) for i in (1, 2)))
    first = bundle(plan, 1, [attempt("a.py::test_1")], seen("a.py::test_1", left=["a.py::test_2"]))
    second = bundle(plan, 2, [], seen(left=["a.py::test_1"]), status=5)
    report = merge([first, second], plan)
    assert report.lost == ("a.py::test_2: shard 1 left it to shard 2, which didn't find it",)
    assert report.gone == ("a.py::test_2",)


def test_a_test_that_its_owner_deselected_is_not_lost() -> None:
    atoms = [Atom(file="a.py", expected_ms=1, nodeids=(f"a.py::test_{i}",)) for i in (1, 2)]
    plan = Plan(workers=2, shards=tuple(Shard(index=i, expected_ms=1, atoms=(atoms[i - 1],)) for i in (1, 2)))
    first = bundle(plan, 1, [attempt("a.py::test_1")], seen("a.py::test_1", left=["a.py::test_2"]))
    second = bundle(plan, 2, [], seen(left=["a.py::test_1"], deselected=["a.py::test_2"]))
    assert verdict(merge([first, second], plan)) == ("passed", ())


def test_the_newest_attempt_decides_and_the_older_one_tells_the_flip() -> None:
    older = bundle(PLAN, 2, [attempt(B, "failed", message="boom")])
    newer = bundle(PLAN, 2, [attempt(B)], run_attempt=2)
    report = merge([GREEN[0], newer, older], PLAN)
    assert verdict(report) == ("passed", ())
    assert [case.nodeid for case in report.flips] == [B]
    assert report.notes == (f"1 test failed, then passed on the same code: '{B}'",)
    assert [(n, a.outcome.value) for n, a in report.flips[0].attempts] == [(1, "failed"), (2, "passed")]


def test_a_killed_second_attempt_is_not_an_older_green_one() -> None:
    killed = bundle(PLAN, 2, [], [], run_attempt=2, sealed=False)
    report = merge([*GREEN, killed], PLAN)
    assert verdict(report)[0] == "incomplete"
    assert verdict(report)[1][0] == "shard 2 was killed before its first test"


def test_the_same_bundle_twice_counts_once_and_two_different_ones_are_refused() -> None:
    assert merge([*GREEN, *GREEN], PLAN) == merge(GREEN, PLAN)
    report = merge([*GREEN, bundle(PLAN, 2, [attempt(B, "failed")])], PLAN)
    assert verdict(report)[1][0] == "shard 2 is broken: 2 different bundles of attempt 1"
    assert verdict(report)[0] == "incomplete"


def test_a_plan_for_another_number_of_workers_is_a_note() -> None:
    report = merge([bundle(PLAN, 1, [attempt(A)], workers=4), GREEN[1]], PLAN)
    note = "the plan counts on 2 workers a shard, there were 4: plan with --workers"
    assert (verdict(report), report.notes) == (("passed", ()), (note,))


def test_a_plan_made_for_another_rootdir_is_not_green() -> None:
    plan = plan_of_files(["sub/a.py"], ["sub/b.py"])
    first, second = (
        replace(b, collection=replace(b.collection, files=(*b.collection.files, absent)))
        for b, absent in (
            (bundle(plan, 1, [attempt(A)]), CollectedFile(file="sub/a.py", state=FileState.ABSENT)),
            (bundle(plan, 2, [attempt(B)]), CollectedFile(file="sub/b.py", state=FileState.ABSENT)),
        )
        if b.collection
    )
    report = merge([first, second], plan)
    assert verdict(report) == (
        "incomplete",
        ("none of the 2 planned files exists: was the plan made for another rootdir?",),
    )


def test_nothing_at_all_is_not_green() -> None:
    empty = plan_of_files([])
    assert verdict(merge([bundle(empty, 1, [])], empty)) == ("incomplete", ("no test ran at all",))


def test_the_plan_is_the_one_that_most_bundles_carry() -> None:
    other = plan_of_files(["x.py"], ["b.py"])
    assert plan_of([*GREEN, bundle(other, 1, [])]) == PLAN
    with pytest.raises(CiToolsError, match="no bundle holds a readable plan"):
        plan_of([replace(GREEN[0], plan=None)])


def test_durations_are_fresh_values_of_whole_attempts() -> None:
    ids = [f"a.py::test_{i}" for i in range(4)]
    attempts = [
        attempt(ids[0], seconds=(0.1, 0.2, 0.3)),
        attempt(ids[1], "crashed"),
        attempt(ids[2], "failed", seconds=(0.0, 5.0, 0.0)),
        attempt(ids[2], rerun=1, seconds=(0.0, 2.0, 0.0)),
        attempt(ids[3], "error"),
    ]
    report = merge([bundle(PLAN, 1, attempts), GREEN[1]], PLAN)
    assert durations_of(report.cases) == {ids[0]: pytest.approx(0.6), ids[2]: 2.0, B: 1.0}


def test_a_pytest_that_was_killed_under_its_command_is_killed() -> None:
    whole = bundle(PLAN, 2, [attempt(B)])
    cut = replace(whole, sessions=(replace(whole.sessions[0], exit_status=None),))
    assert verdict(merge([GREEN[0], cut], PLAN)) == ("incomplete", ("shard 2 was killed after 1 test",))


def test_a_shard_that_was_killed_before_it_was_sealed_is_killed() -> None:
    unsealed = replace(GREEN[1], manifest=replace(GREEN[1].manifest, sealed=False, exit_code=None))
    assert verdict(merge([GREEN[0], unsealed], PLAN)) == ("incomplete", ("shard 2 was killed after 1 test",))


def test_attempts_of_another_run_are_no_proof() -> None:
    mixed = replace(GREEN[1], manifest=replace(GREEN[1].manifest, nonce="another"))
    reason = "shard 2 is truncated: attempts.jsonl is of another run"
    assert verdict(merge([GREEN[0], mixed], PLAN)) == ("incomplete", (reason,))


def test_a_cut_file_that_does_not_import_is_an_error_in_each_of_its_shards_and_no_duplicate() -> None:
    failed = CollectedFile(file="a.py", state=FileState.FAILED, reason="no module")
    error = attempt("a.py", "error", phase="collect", message="collection failed")
    atoms = [Atom(file="a.py", expected_ms=1, nodeids=(f"a.py::test_{i}",)) for i in (1, 2)]
    plan = Plan(workers=2, shards=tuple(Shard(index=i, expected_ms=1, atoms=(atoms[i - 1],)) for i in (1, 2)))
    report = merge([bundle(plan, shard, [error], [failed]) for shard in (1, 2)], plan)
    assert verdict(report) == ("failed", ("1 test failed: 'a.py'",))
    assert (report.duplicated, report.lost, report.gone) == ((), (), ())


def test_a_planned_file_that_the_command_does_not_reach_did_not_run() -> None:
    unreached = CollectedFile(file="b.py", state=FileState.UNREACHED)
    report = merge([GREEN[0], bundle(PLAN, 2, [], [unreached])], PLAN)
    assert verdict(report) == ("incomplete", ("shard 2 ended, but 1 test or file did not run",))


def test_matrix_legs_are_not_mixed() -> None:
    assert of_key(GREEN, None) == tuple(GREEN)
    other = replace(GREEN[1], manifest=replace(GREEN[1].manifest, key="py3.12"))
    with pytest.raises(CiToolsError) as refused:
        of_key([GREEN[0], other], None)
    assert (refused.value.fact, refused.value.hint) == (
        "bundles of 2 keys: '', 'py3.12'",
        "merge each of them by itself: name its --key",
    )


def test_a_key_that_no_bundle_has_is_told_from_an_empty_directory() -> None:
    with pytest.raises(CiToolsError, match=r"no bundle of key 'py3\.9': there are ''"):
        of_key(GREEN, "py3.9")
    assert of_key([], "py3.9") == ()


def test_a_bundle_of_another_commit_is_no_part_of_the_run() -> None:
    def of(sha: str, bundle: Bundle) -> Bundle:
        return replace(bundle, manifest=replace(bundle.manifest, sha=sha))

    ours = [of("a" * 40, one) for one in GREEN]
    assert merge(ours, PLAN, sha="a" * 40).conclusion.value == "passed"
    mixed = [ours[0], of("b" * 40, ours[1])]
    assert verdict(merge(mixed, PLAN, sha="a" * 40)) == (
        "incomplete",
        (
            "bundle 'shard-2-of-2-attempt-1' is of commit 'bbbbbbbbbbbb', not 'aaaaaaaaaaaa'",
            "shard 2 is missing: no bundle of it was found; 1 test or file did not run",
        ),
    )
    assert merge(mixed, PLAN).conclusion.value == "incomplete"


def test_what_the_plan_only_guessed_is_never_gone() -> None:
    names = ("a.py::test_recorded", "a.py::test_read_in_a_string")
    piece = Atom(file="a.py", expected_ms=1, nodeids=names, guessed=names[1:])
    rest = Atom(file="a.py", expected_ms=1, nodeids=("a.py::test_a",))
    plan = Plan(workers=2, shards=(Shard(index=1, expected_ms=1, atoms=(piece, rest)),))
    report = merge([bundle(plan, 1, [attempt("a.py::test_a")])], plan)
    assert report.gone == names[:1]
