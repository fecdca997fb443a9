"""What is concluded from evidence: who meets whom, what was left changed, what replays say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ci_tools.audit.dynamic.as_json import as_json
from ci_tools.audit.dynamic.conflicts import Conflict, conflicts_in
from ci_tools.audit.dynamic.deeds import Seen, seen_in
from ci_tools.audit.dynamic.leaks import leaks_in
from ci_tools.audit.dynamic.markdown import as_markdown
from ci_tools.audit.dynamic.replays import Pair, Ran, Rates, Verdict, chance, outcome_of, pairs_of, replays_of
from ci_tools.audit.dynamic.sentences import conflict_sentence, more_words, outcome_sentences
from ci_tools.audit.dynamic.study import Study, Watched, directory_of, watched, watched_conditions
from ci_tools.audit.dynamic.text import as_text
from ci_tools.audit.finding import Severity
from ci_tools.cli.audit_dynamic import exit_code
from ci_tools.formats import evidence_jsonl
from ci_tools.model.errors import FormatError
from ci_tools.model.evidence import Access, Change, Evidence, Kind, Record, Touch, one_name
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.trial import Conditions, Order
from ci_tools.trial.result import Result

A, B, C = "test_a.py::test_a", "test_b.py::test_b", "test_a.py::test_c"


def test(id: str, *touched: tuple[Access, str], changed: tuple[Change, ...] = ()) -> Record:
    touches = tuple(Touch(access, resource, "call") for access, resource in touched)
    return Record(kind=Kind.TEST, id=id, worker="gw0", touched=touches, changed=changed)


test.__test__ = False  # type: ignore[attr-defined]


def fixture(id: str, under: str, *touched: tuple[Access, str], changed: tuple[Change, ...] = ()) -> Record:
    touches = tuple(Touch(access, resource) for access, resource in touched)
    return Record(
        kind=Kind.FIXTURE, id=id, worker="gw0", scope="session", under=under, touched=touches, changed=changed
    )


def of_kind(kind: Kind, *touched: tuple[Access, str]) -> Record:
    return Record(kind=kind, id="", worker="gw0", touched=tuple(Touch(*touch) for touch in touched))


def seen(*runs: Sequence[Record]) -> Seen:
    def process(worker: str, records: Sequence[Record]) -> Evidence:
        return Evidence(worker=worker, rootdir="/r", records=tuple(r for r in records if r.worker == worker))

    return seen_in([[process(worker, records) for worker in sorted({r.worker for r in records})] for records in runs])


def sentences(*records: Record) -> list[str]:
    return sentences_of(records)


def sentences_of(*runs: Sequence[Record]) -> list[str]:
    return [
        f"{'within ' if c.within_file else ''}{c.severity.value}: {conflict_sentence(c, str)}"
        for c in conflicts_in(seen(*runs))
    ]


def on(worker: str, record: Record) -> Record:
    return replace(record, worker=worker)


# -- who meets whom ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "severity"),
    [
        (Access.DELETE, Access.READ, "high"),
        (Access.WRITE, Access.DELETE, "high"),
        (Access.WRITE, Access.WRITE, "high"),
        (Access.WRITE, Access.READ, "medium"),
        (Access.DELETE, Access.DELETE, "medium"),
        (Access.TREE, Access.MAKE, "medium"),
        (Access.DELETE, Access.LIST, "low"),
        (Access.APPEND, Access.READ, "low"),
        (Access.APPEND, Access.APPEND, "note"),
        (Access.BIND, Access.BIND, "high"),
        (Access.BIND, Access.CONNECT, "medium"),
        (Access.READ, Access.READ, ""),
        (Access.MAKE, Access.MAKE, ""),
        (Access.LIST, Access.LIST, ""),
        (Access.CONNECT, Access.CONNECT, ""),
        (Access.RUN, Access.RUN, ""),
        (Access.SET, Access.SET, ""),
    ],
)
def test_how_bad_it_is_follows_from_what_two_do_whoever_is_told_first(
    one: Access, other: Access, severity: str
) -> None:
    for first, second in ((one, other), (other, one)):
        found = conflicts_in(seen([test(A, (first, "x")), test(B, (second, "x"))]))
        assert [conflict.severity.value for conflict in found] == [severity] * bool(severity)


def test_the_one_who_does_more_harm_is_told_first() -> None:
    assert sentences(test(A, (Access.READ, "x")), test(B, (Access.DELETE, "x"))) == [
        f"high: {B} deleted x, which {A} read"
    ]


def test_a_tree_that_is_deleted_takes_along_what_is_below_it_and_nothing_beside_it() -> None:
    assert sentences(
        test(A, (Access.TREE, "data")),
        test(B, (Access.WRITE, "data/x/y"), (Access.WRITE, "data-too/x"), (Access.WRITE, "dat")),
    ) == [f"high: {A} deleted all of data, which {B} wrote"]


def test_tests_of_one_file_meet_only_where_they_are_spread() -> None:
    assert sentences(test(A, (Access.WRITE, "x")), test(C, (Access.READ, "x"))) == [
        f"within medium: {A} wrote x, which {C} read"
    ]
    assert sentences(test(A, (Access.WRITE, "x"), (Access.READ, "x"))) == []


def test_a_conflict_across_files_is_told_though_one_within_a_file_is_worse() -> None:
    records = (test(A, (Access.DELETE, "x")), test(C, (Access.WRITE, "x")), test(B, (Access.READ, "x")))
    assert [line.partition(":")[0] for line in sentences(*records)] == ["high"]


def test_a_fixture_of_wider_scope_meets_itself_where_several_files_need_it() -> None:
    fixtures = [fixture("conftest.py::db", under, (Access.WRITE, "x")) for under in (A, B)]
    assert sentences(*fixtures) == ["high: fixture conftest.py::db wrote x in every worker that needs it"]
    assert sentences(fixtures[0]) == ["within high: fixture conftest.py::db wrote x in every worker that needs it"]


def test_a_fixture_meets_tests_of_other_files() -> None:
    records = (fixture("conftest.py::db", A, (Access.WRITE, "x")), test(B, (Access.READ, "x")))
    assert sentences(*records) == [f"medium: fixture conftest.py::db wrote x, which {B} read"]


def test_a_fixture_is_of_the_tests_that_asked_for_it_not_of_the_last_one_of_all() -> None:
    """A fixture of the session ends with the session, during a test that may know nothing of it."""
    end = replace(fixture("conftest.py::db", "test_z.py::test_last"), touched=(Touch(Access.DELETE, "x", "teardown"),))
    begin = fixture("conftest.py::db", A, (Access.WRITE, "x"))
    assert [line.partition(":")[0] for line in sentences(begin, end)] == ["within high"]
    both = sentences(begin, end, replace(end, under=B))
    assert both == sentences(begin, end)
    assert sentences(end, replace(end, under=B)) == [
        "medium: fixture conftest.py::db deleted x in every worker that needs it"
    ]


def test_what_is_named_after_its_worker_is_that_workers_own() -> None:
    def run(first: str, second: str, path: str = "db_{}/x") -> list[Record]:
        return [on(worker, test(id, (Access.WRITE, path.format(worker)))) for id, worker in ((A, first), (B, second))]

    assert sentences_of(run("gw0", "gw1"), run("gw1", "gw0")) == []
    assert sentences_of(run("gw1", "gw10", "db_gw1"), run("gw10", "gw1", "db_gw1")) != []  # the other one uses it, too
    fixtures = [on(f"gw{n}", fixture("conftest.py::db", id, (Access.WRITE, f"gw{n}.db"))) for n, id in ((0, A), (1, B))]
    assert sentences(*fixtures) == []
    cleanup = on("gw1", test(C, (Access.TREE, "all")))
    assert sentences(on("gw0", test(B, (Access.WRITE, "all/gw0/x"))), cleanup) == [
        f"high: {C} deleted all of all, which {B} wrote"
    ]


def test_what_is_named_at_run_time_is_of_one_process_unless_it_is_found_by_listing() -> None:
    def run(name: str, *more: tuple[Access, str]) -> list[Record]:
        return [test(A, (Access.WRITE, f"all/{name}")), test(B, (Access.DELETE, f"all/{name}"), *more)]

    found = [f"high: {B} deleted all/1, which {A} wrote"]
    assert sentences_of(run("1")) == found  # of one run nobody can tell
    assert sentences_of(run("1"), run("2")) == []
    assert sentences_of(run("1"), run("1")) == found
    assert sentences_of(run("1", (Access.LIST, "all")), run("2"))[:1] == found


def test_ports_that_are_counted_by_worker_are_those_workers_own() -> None:
    def run(*ports: int) -> list[Record]:
        servers = [fixture("conftest.py::f", id, (Access.BIND, f"tcp::{port}")) for id, port in zip((A, B), ports)]
        return [on(f"gw{number}", server) for number, server in enumerate(servers)]

    assert sentences_of(run(8000, 8001), run(8000, 8001)) == []
    assert sentences_of(run(8000, 8000), run(8000, 8000)) == [
        "high: fixture conftest.py::f bound tcp:localhost:8000 in every worker that needs it"
    ]


def test_collecting_meets_itself_and_no_test_the_end_meets_all() -> None:
    collection = of_kind(Kind.COLLECTION, (Access.WRITE, "x"))
    assert sentences(collection, test(A, (Access.DELETE, "x"))) == [
        "high: importing the test files wrote x in every worker"
    ]
    assert sentences(of_kind(Kind.END, (Access.TREE, "x")), test(A, (Access.WRITE, "x/y"))) == [
        f"high: a hook at the end of a worker deleted all of x, which {A} wrote",
        "medium: a hook at the end of a worker deleted all of x in every worker",
    ]


def test_a_database_counts_when_anybody_was_seen_to_change_it() -> None:
    opened = (test(A, (Access.DATABASE, "x.db")), test(B, (Access.DATABASE, "x.db")))
    assert sentences(*opened) == []
    changed = (*opened, test("test_c.py::test", (Access.CHANGE, "x.db")))  # that one only ran meanwhile
    assert sentences(*changed) == [f"high: {A} opened x.db, which {B} opened"]


def test_a_port_that_nobody_bound_in_two_runs_was_chosen_at_run_time() -> None:
    run = [test(A, (Access.BIND, "tcp:127.0.0.1:9000")), test(B, (Access.BIND, "tcp::9000"))]
    assert len(conflicts_in(seen(run))) == 1
    assert conflicts_in(seen(run, [])) == ()
    assert len(conflicts_in(seen(run, run[:1]))) == 1


@pytest.mark.parametrize(
    ("name", "one"),
    [
        ("tcp:0.0.0.0:80", "tcp:localhost:80"),
        ("udp:::1:80", "udp:localhost:80"),
        ("tcp:10.0.0.1:80", "tcp:10.0.0.1:80"),
        ("a:b", "a:b"),
        ("x/tcp:1", "x/tcp:1"),
    ],
)
def test_a_port_is_the_same_on_all_addresses_of_this_machine(name: str, one: str) -> None:
    assert one_name(name) == one


def test_the_worst_thing_is_said_of_two_who_meet_in_a_resource_in_several_ways() -> None:
    records = (test(A, (Access.MAKE, "d"), (Access.WRITE, "d/x")), test(B, (Access.TREE, "d")))
    assert sentences(*records) == [f"high: {B} deleted all of d, which {A} wrote"]


def test_parameters_and_files_of_the_same_two_functions_are_one_conflict() -> None:
    records = [test(f"{A}[{n}]", (Access.WRITE, f"x/{n}")) for n in range(3)]
    (conflict,) = conflicts_in(seen([*records, *(test(B, (Access.DELETE, f"x/{n}")) for n in range(3))]))
    assert conflict.resources == ("x/0", "x/1", "x/2")
    assert (more_words(conflict), more_words(conflict, 2), more_words(conflict, 3)) == (
        "the same in 2 more resources",
        "the same in 1 more resource",
        "",
    )


def test_a_bracket_in_a_path_is_no_parameter() -> None:
    pairs = (("a/[x]/t.py::one", "a/[y]/t.py::two"), ("a/[z]/t.py::three", "a/[y]/t.py::four"))
    records = [test(id, (Access.WRITE, str(n))) for n, pair in enumerate(pairs) for id in pair]
    assert len(conflicts_in(seen(records))) == 2


def test_a_directory_that_is_listed_while_others_write_into_it_is_worth_a_low_word() -> None:
    records = (test(A, (Access.LIST, "data")), test(B, (Access.WRITE, "data/x"), (Access.WRITE, "elsewhere/y")))
    assert sentences(*records) == [f"low: {B} wrote data/x, in data, which {A} listed"]
    assert sentences(records[0], test(B, (Access.TREE, "data/x"))) == [
        f"low: {B} deleted all of data/x, in data, which {A} listed"
    ]


def test_a_file_that_thousands_read_and_one_writes_is_one_conflict_found_quickly() -> None:
    readers = [test(f"test_{n % 200}.py::test_{n}", (Access.READ, "x")) for n in range(5_000)]
    (conflict,) = conflicts_in(seen([*readers, test("test_w.py::test", (Access.WRITE, "x"))]))
    assert (conflict.first.actor.id, len(conflict.actors)) == ("test_w.py::test", 5_001)


# -- what was left changed -----------------------------------------------------------------


def test_leaks_are_told_once_with_the_runs_they_were_seen_in() -> None:
    left = test(A, changed=(Change("environ", "X", "set"), Change("global", "m:x", "changed", 3)))
    again = test(A, changed=(Change("global", "m:x", "changed", 2), Change("thread", "Thread-7", "set")))
    rows = [(k.severity.value, k.what, k.name, k.n_runs, k.among) for k in leaks_in(seen([left], [left, again]))]
    assert rows == [
        ("medium", "environ", "X", 2, 1),
        ("low", "global", "m:x", 2, 2),
        ("low", "thread", "Thread-N", 1, 1),
    ]


def test_what_a_fixture_puts_back_is_no_leak_and_what_it_leaves_is_one() -> None:
    def of(*hows: str) -> list[Record]:
        return [fixture("conftest.py::f", A, changed=(Change("environ", "X", how),)) for how in hows]

    assert leaks_in(seen(of("set", "removed"))) == ()
    assert leaks_in(seen(of("changed", "changed"))) == ()
    for left in (["set"], ["changed"], ["set", "changed"], ["changed", "removed"]):
        assert [leak.name for leak in leaks_in(seen(of(*left)))] == ["X"], left
    again = [on("gw1", record) for record in of("changed")]
    assert [leak.n_runs for leak in leaks_in(seen([*of("changed"), *again]))] == [1]
    thread = fixture("conftest.py::f", A, changed=(Change("thread", "server", "set"),))
    assert leaks_in(seen([thread])) == ()  # whether it ends with the fixture nobody tells


# -- replays -------------------------------------------------------------------------------


def test_the_worst_conflicts_across_files_are_replayed_each_pair_of_tests_once() -> None:
    found = seen(
        [
            test(A, (Access.WRITE, "x"), (Access.WRITE, "y"), (Access.READ, "within")),
            test(B, (Access.DELETE, "x"), (Access.READ, "y")),
            test(C, (Access.WRITE, "within")),
            fixture("conftest.py::f", A, (Access.BIND, "tcp:localhost:1")),
            fixture("conftest.py::f", B, (Access.BIND, "tcp:localhost:1")),
        ]
    )
    conflicts = conflicts_in(found)
    pairs = pairs_of(conflicts, found, 10)
    assert pairs == (Pair(conflict=0, first=A, second=B, resources=("tcp:localhost:1",)),)
    assert pairs_of(conflicts, found, 0) == ()


def test_a_replay_is_once_in_one_process_and_once_in_two_by_turns() -> None:
    pair = Pair(conflict=0, first=A, second=B, resources=("x",))
    alone, beside, *_, last_alone, _ = replays_of(pair, 3)
    assert (alone.steering.lanes, last_alone.steering.lanes) == ({"gw0": (A, B)}, {"gw0": (B, A)})
    assert (alone.conditions.workers, alone.conditions.dist) == ("1", "each")  # by a worker too, or that's what differs
    assert (beside.conditions.dist, beside.steering.lanes, beside.steering.together, beside.steering.evidence) == (
        "each",
        {"gw0": (A,), "gw1": (B,)},
        True,
        True,
    )


@pytest.mark.parametrize(
    ("beside", "alone", "verdict"),
    [
        (4, 0, Verdict.CONFIRMED),
        (3, 0, Verdict.SEEN),
        (0, 0, Verdict.NOT_SEEN),
        (5, 4, Verdict.ALONE),
        (0, 1, Verdict.ALONE),
        (10, 2, Verdict.CONFIRMED),
    ],
)
def test_the_verdict_on_ten_replays_each_way(beside: int, alone: int, verdict: Verdict) -> None:
    ran = [Ran(beside=True, failed=frozenset({A} if n < beside else ())) for n in range(10)]
    ran += [Ran(beside=False, failed=frozenset({A} if n < alone else ())) for n in range(10)]
    ran.append(Ran(beside=True, failed=frozenset({A}), problem="killed"))
    outcome = outcome_of(Pair(conflict=0, first=A, second=B, resources=("x",)), ran)
    rates = Rates(failed_beside=beside, n_beside=10, failed_alone=alone, n_alone=10)
    none = Rates(failed_beside=0, n_beside=10, failed_alone=0, n_alone=10)
    assert (outcome.verdict, outcome.rates, outcome.either, outcome.problem) == (
        verdict,
        (rates, none),
        rates,
        "killed",
    )


def test_without_a_replay_that_can_be_judged_nothing_is_said_of_failures() -> None:
    pair = Pair(conflict=0, first=A, second=B, resources=("x",))
    for judged in ((), (Ran(beside=True, failed=frozenset({A})),)):
        outcome = outcome_of(pair, [*judged, Ran(beside=False, failed=frozenset(), problem="killed")])
        assert outcome.verdict is Verdict.UNJUDGED
    assert [*outcome_sentences(outcome_of(pair, ()), str)] == ["too few replays can be judged"]


def test_the_chance_is_that_of_fishers_exact_test() -> None:
    """By hand: 4 of 4 failures in the first half of 20 runs, comb(10, 4) / comb(20, 4)."""
    assert chance(Rates(failed_beside=4, n_beside=10, failed_alone=0, n_alone=10)) == pytest.approx(210 / 4845)
    assert chance(Rates(failed_beside=0, n_beside=0, failed_alone=0, n_alone=0)) == 1


def test_other_tests_or_resources_are_replayed_in_another_directory() -> None:
    pair = Pair(conflict=0, first=A, second=B, resources=("x",))
    names = {directory_of(one) for one in (pair, replace(pair, resources=("y",)), replace(pair, first=C))}
    assert len(names) == 3 and directory_of(replace(pair, conflict=7)) in names


def test_the_first_run_is_in_pytests_order_the_others_by_seeds_of_their_own() -> None:
    assert watched_conditions(3, workers="4", seed=7) == (
        Conditions(workers="4"),
        Conditions(workers="4", order=Order.RANDOM, seed=7),
        Conditions(workers="4", order=Order.RANDOM, seed=8),
    )


# -- what is said --------------------------------------------------------------------------


def study(*records: Record, problem: str = "") -> Study:
    found = seen(records)
    run = Watched(conditions=Conditions(workers="2"), n_tests=2, failed=(), problem=problem)
    return Study(runs=(run,), seen=found, conflicts=conflicts_in(found), leaks=leaks_in(found))


WRITERS = (test(A, (Access.WRITE, "x")), test(B, (Access.READ, "x")))


@pytest.mark.parametrize(("fail_on", "code"), [("high", 0), ("medium", 1), ("low", 1), ("note", 1), ("never", 0)])
def test_the_exit_code_is_by_severity(fail_on: str, code: int) -> None:
    assert exit_code(study(*WRITERS), fail_on) == code


def test_conflicts_within_a_file_fail_nothing_and_an_incomplete_run_judges_nothing() -> None:
    assert exit_code(study(test(A, (Access.WRITE, "x")), test(C, (Access.WRITE, "x"))), "note") == 0
    assert exit_code(study(problem="killed"), "never") == 3
    unseen = study()
    assert exit_code(replace(unseen, runs=(replace(unseen.runs[0], unwatched=("gw1",)),)), "never") == 3


def test_what_was_not_run_was_not_watched(tmp_path: Path) -> None:
    def ran(**attempts: str) -> Watched:
        result = Result(
            conditions=Conditions(),
            attempts={name: Attempt(nodeid=name, outcome=Outcome.ERROR, phase=at) for name, at in attempts.items()},
            selected=(),
            not_run=(),
            wall_s=0.0,
            exit_code=1,
            problem="",
            bundle=tmp_path,
        )
        return watched(result, ())

    assert ran().problem == ran(file="collect").problem == "no test was run"
    found = ran(file="collect", test="setup")
    assert (found.problem, found.n_tests, found.failed, found.not_collected) == ("", 1, ("test",), ("file",))
    text = as_text(replace(study(), runs=(found,)))
    assert "note: run 1: not collected, and so not watched: file\n" in text


def replayed() -> Study:
    ran = [Ran(beside=beside, failed=frozenset({B} if beside else ())) for beside in (True, False) * 10]
    plain = study(
        *WRITERS,
        test(A, (Access.RUN, "program:git"), changed=(Change("environ", "X", "set"),)),
        test(B, (Access.CONNECT, "tcp:db:5432")),
        test(A, (Access.CONNECT, "tcp:db:5432")),
    )
    return replace(plain, outcomes=(outcome_of(Pair(conflict=0, first=A, second=B, resources=("x",)), ran),))


def test_the_text_says_who_did_what_how_often_it_failed_and_what_is_not_seen() -> None:
    assert (
        as_text(replayed())
        == f"""\
medium: {A} wrote x, which {B} read
    replayed: {B} failed in 10 of 10 runs (100 %, 95 % interval 69.2 to 100 %) at the same time, in 0 of 10 runs \
(at most 25.9 %) one after the other
    replayed: confirmed

left changed, for the tests that come after them in their worker:
  medium: {A} left environment variable X set

note: tests start programs, whose own files nobody sees: git (1 test)
note: tcp:db:5432 is used by tests of 2 files: what they do there isn't seen

2 tests watched in 1 run with -n 2 (order: same): 1 conflict (1 medium), 1 of 1 replayed pair confirmed; \
1 state left changed
"""
    )


def test_the_json_has_it_all() -> None:
    document = json.loads(as_json(replayed()))
    assert (document["format"], document["programs"], document["servers"]) == (
        "xdist-ci/audit-dynamic",
        {"git": 1},
        {"tcp:db:5432": 2},
    )
    (conflict,) = document["conflicts"]
    first = {"kind": "test", "id": A, "access": "write", "phase": "call", "runs": 1, "root": ""}
    assert (conflict["first"], conflict["resources"], conflict["replayed"]["verdict"]) == (first, ["x"], "confirmed")
    assert conflict["replayed"]["either"] == {"failed_beside": 10, "beside": 10, "failed_alone": 0, "alone": 10}


def test_what_hardly_matters_is_in_the_json_alone_and_what_is_too_much_is_counted() -> None:
    left = [Change("descriptor", "socket", "set"), *(Change("global", f"m:{n}", "changed") for n in range(32))]
    found = study(test(A, changed=tuple(left)))
    text, page = as_text(found), as_markdown(found)
    assert "socket" not in text + page and len(json.loads(as_json(found))["left"]) == 33
    assert "  2 more: 2 × global; see --format json\n" in text and "\n2 more in the JSON.\n" in page


def test_hostile_names_stay_names() -> None:
    hostile = "test_a.py::test[\x1b[31m](http://evil) <img> @octocat `x` \n::error::]"
    found = study(test(hostile, (Access.WRITE, "<b>\x1b]0;t\x07")), test(B, (Access.WRITE, "<b>\x1b]0;t\x07")))
    text, page = as_text(found), as_markdown(found)
    assert "\x1b" not in text + page
    assert not any(line.startswith("::") for line in (text + page).splitlines())
    assert "``test_a.py::test[" in page and "`<b>" in page


# -- the file ------------------------------------------------------------------------------

RECORDS = (
    test(A, (Access.READ, "x"), (Access.READ, "y"), changed=(Change("environ", "X", "set", 2),)),
    replace(fixture("conftest.py::db", B, (Access.TREE, "é\ud800")), omitted=3),
    of_kind(Kind.END, (Access.BIND, "tcp:localhost:1")),
)
EVIDENCE = Evidence(worker="gw0", rootdir="/r", records=RECORDS)


def test_evidence_is_read_as_it_was_written() -> None:
    assert evidence_jsonl.loads(evidence_jsonl.dumps(EVIDENCE), source="x") == EVIDENCE


def test_a_file_that_a_kill_cut_anywhere_gives_all_whole_lines() -> None:
    text = evidence_jsonl.dumps(EVIDENCE)
    header = text.index("\n") + 1
    for end in range(header, len(text)):
        found = evidence_jsonl.loads(text[:end], source="x")
        assert found == replace(EVIDENCE, records=RECORDS[: text[header:end].count("\n")])


@pytest.mark.parametrize(
    "line",
    [
        '{"t":"else","id":"a"}',
        '{"t":"test"}',
        '{"t":"test","id":1}',
        '{"t":"test","id":"a","touched":[]}',
        '{"t":"test","id":"a","touched":{"later":{"read":["x"]}}}',
        '{"t":"test","id":"a","touched":{"call":{"steal":["x"]}}}',
        '{"t":"test","id":"a","touched":{"call":{"read":"x"}}}',
        '{"t":"test","id":"a","changed":[["environ","X","set"]]}',
        '{"t":"test","id":"a","changed":[["environ","X","set",true]]}',
        '{"t":"test","id":"a","changed":[["environ","X","eaten",1]]}',
        '{"t":"test","id":"a","omitted":-1}',
        '{"t":"test","id":"' + "x" * 5000 + '"}',
        '{"t":"test","id":"a","touched":{"call":{"read":[' + ",".join(['"x"'] * 2001) + "]}}}",
        "[]",
        "[" * 100_000,
    ],
)
def test_a_line_that_is_none_counts_as_damaged_and_takes_no_other_along(line: str) -> None:
    text = evidence_jsonl.dumps(replace(EVIDENCE, records=RECORDS[:1])) + f"{line}\n"
    text += evidence_jsonl.record_line(RECORDS[1]) + "\n"
    assert evidence_jsonl.loads(text, source="x") == replace(EVIDENCE, records=RECORDS[:2], damaged=1)


@pytest.mark.parametrize("text", ["", "{}", '{"format":"xdist-ci/evidence","version":2}', "\x00"])
def test_a_file_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        evidence_jsonl.loads(text, source="x")


def test_what_was_left_out_and_what_cannot_be_read_is_said() -> None:
    evidence = replace(EVIDENCE, records=RECORDS[1:2], damaged=2)
    found = seen_in([[evidence]])
    assert (found.omitted, found.damaged) == (3, 2)
    text = as_text(replace(study(), seen=found))
    assert "note: 3 accesses too many were left out\n" in text and "note: 2 lines of evidence can't be read\n" in text


def test_conflicts_are_the_same_for_any_order_of_processes() -> None:
    def conflicts(records: Sequence[Record]) -> tuple[Conflict, ...]:
        return conflicts_in(seen(records))

    records = [*RECORDS, *WRITERS, test(C, (Access.DELETE, "x"))]
    shown = {tuple((c.severity, c.first.actor, c.second.actor) for c in conflicts(r)) for r in (records, records[::-1])}
    assert len(shown) == 1 and conflicts(records)[0].severity is Severity.HIGH
