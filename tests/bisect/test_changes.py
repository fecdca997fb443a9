from __future__ import annotations

from ci_tools.bisect.bisection import Culprit, Fact
from ci_tools.bisect.changes import changes
from ci_tools.bisect.scene import Way
from ci_tools.model.evidence import Access, Change, Evidence, Kind, Record, Touch
from ci_tools.model.statistics import Share

P, T = "test_p.py::test_p", "test_t.py::test_t"


def told(way: Way, *records: Record) -> tuple[str, ...]:
    culprit = Culprit(way=way, tests=(P,), fact=Fact(way=way, n_tests=1, share=Share(bad=5, n=5)))
    return changes([Evidence(worker="main", rootdir="", records=records)], culprit, T)


def record(test: str, *touched: Touch, changed: tuple[Change, ...] = (), kind: Kind = Kind.TEST) -> Record:
    names = {"id": test} if kind is Kind.TEST else {"id": "conftest.py::db", "under": test}
    return Record(kind=kind, worker="main", touched=touched, changed=changed, **names)


def test_state_that_is_left_is_named() -> None:
    left = (
        Change("environ", "DEBUG", "set"),
        Change("global", "app.config:DEBUG", "changed"),
        Change("cwd", "", "changed"),
        Change("thread", "pool", "set"),
        Change("descriptor", "/tmp/x", "set"),
    )
    other = record("test_x.py::test_x", changed=(Change("umask", "", "changed"),))
    assert told(Way.BEFORE, record(P, changed=left), other) == (
        f"'{P}' sets the environment variable 'DEBUG'",
        f"'{P}' changes 'app.config.DEBUG'",
        f"'{P}' changes the working directory",
        f"'{P}' leaves a thread 'pool' behind",
    )


def test_another_process_doesn_t_see_that_state() -> None:
    assert told(Way.BESIDE, record(P, changed=(Change("environ", "DEBUG", "set"),))) == ()


def test_files_that_both_touch_are_named_alone() -> None:
    mine = record(T, Touch(Access.READ, "sessions/a.json"), Touch(Access.READ, "conf"))
    others = (
        Touch(Access.WRITE, "log"),
        Touch(Access.READ, "conf"),
        Touch(Access.TREE, "sessions"),
        Touch(Access.LIST, "sessions"),
    )
    assert told(Way.BESIDE, record(P, *others), mine) == (
        f"'{P}' lists and deletes all of 'sessions', which '{T}' reads",
    )


def test_a_fixture_counts_for_the_test_that_it_is_set_up_for() -> None:
    fixture = record(P, Touch(Access.BIND, "tcp:127.0.0.1:8000"), kind=Kind.FIXTURE)
    assert told(Way.BESIDE, fixture, record(T, Touch(Access.CONNECT, "tcp:localhost:8000"))) == (
        f"'{P}' binds 'tcp:127.0.0.1:8000', which '{T}' connects to",
    )


def test_where_no_look_is_seen_all_that_is_changed_is_told() -> None:
    """Whether a file exists can be asked without a trace."""
    touched = (Touch(Access.WRITE, "busy"), Touch(Access.DELETE, "busy"), Touch(Access.READ, "conf"))
    assert told(Way.BESIDE, record(P, *touched), record(T)) == (f"'{P}' writes and deletes 'busy'",)
