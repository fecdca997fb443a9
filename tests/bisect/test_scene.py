from __future__ import annotations

from dataclasses import replace

import pytest
from samples import MANIFEST

from ci_tools.bisect.layout import layout
from ci_tools.bisect.scene import Scene, Way, likely, scenes
from ci_tools.model.bundle import Bundle
from ci_tools.model.run import Attempt, Begin, Manifest, Outcome, Session
from ci_tools.model.trial import Conditions, Steering

T = "test_t.py::test_t"


def attempt(worker: str, name: str, start_s: float, took_s: float = 1.0, outcome: Outcome = Outcome.PASSED) -> Attempt:
    return Attempt(nodeid=name, outcome=outcome, worker=worker, start_s=start_s, seconds=(0.0, took_s, 0.0))


def bundle(*attempts: Attempt) -> Bundle:
    begin = Begin(
        nonce="", python="", pytest="", xdist="", workers=3, dist="loadfile", rootdir="/home/runner/work/x", start_s=0.0
    )
    session = Session(begin=begin, attempts=attempts)
    return Bundle(
        name="b",
        shard=1,
        shards=1,
        attempt=1,
        manifest=None,
        plan=None,
        sessions=(session,),
        collection=None,
        problems=(),
    )


FAILED = replace(attempt("gw0", T, 10, 2, Outcome.FAILED), message="AssertionError")
RUN = bundle(
    attempt("gw0", "a::1", 0),
    attempt("gw1", "b::over", 2, 5),
    attempt("gw1", "b::long", 7.5, 3),
    attempt("gw2", "c::just", 8, 1.93),
    FAILED,
    attempt("gw0", "a::2", 5),
    attempt("gw1", "b::begins", 12.05),
    attempt("gw1", "b::after", 13),
    attempt("gw0", "a::after", 12),
    Attempt(nodeid="d.py", outcome=Outcome.ERROR, phase="collect", worker="gw2", start_s=1.0),
)
SCENE = Scene(
    test=T,
    source="here",
    worker="gw0",
    message="AssertionError",
    before=("a::1", "a::2"),
    beside=("b::long", "b::begins", "c::just"),
    earlier=("a::1", "b::over", "a::2", "b::long", "c::just"),
    lanes=(("a::1", "a::2"), ("b::over", "b::long", "b::begins"), ("c::just",)),
    start_s=10.0,
    test_s=2.0,
)


def test_a_run_tells_what_was_before_a_test_and_what_beside_it() -> None:
    assert list(scenes(RUN, T, source="here")) == [SCENE]


def test_only_an_attempt_that_passed_or_failed_is_a_scene() -> None:
    assert [scene.failed for scene in scenes(bundle(attempt("gw0", T, 0)), T, source="")] == [False]
    for outcome in (Outcome.SKIPPED, Outcome.XFAILED):
        assert list(scenes(bundle(attempt("gw0", T, 0, outcome=outcome)), T, source="")) == []
    assert list(scenes(RUN, "a::no", source="")) == []


def test_of_a_test_that_was_rerun_the_first_attempt_counts() -> None:
    again = replace(attempt("gw0", T, 5), rerun=1)
    fresh = replace(attempt("gw0", T, 0), fresh=1)
    run = bundle(fresh, attempt("gw0", T, 1, outcome=Outcome.FAILED), again)
    assert [(scene.failed, scene.start_s) for scene in scenes(run, T, source="")] == [(True, 1.0)]


@pytest.mark.parametrize(
    ("manifest", "failed"),
    [(replace(MANIFEST, stopped=""), [True]), (replace(MANIFEST, stopped="interrupted"), []), (None, [])],
    ids=("died", "stopped", "cut off"),
)
def test_a_test_with_which_its_process_died_has_failed(manifest: Manifest | None, failed: list[bool]) -> None:
    run = bundle(attempt("main", "a::1", 0))
    begin = replace(run.sessions[0].begin, dist="no")
    sessions = (replace(run.sessions[0], begin=begin, running=(T,)),)
    found = list(scenes(replace(run, manifest=manifest, sessions=sessions), T, source=""))
    assert [scene.failed for scene in found] == failed
    assert all(scene.before == ("a::1",) for scene in found)


def test_each_way_suspects_its_own_tests() -> None:
    assert SCENE.groups(Way.BEFORE) == (SCENE.before,)
    assert SCENE.groups(Way.EARLIER) == (SCENE.earlier,)
    assert SCENE.groups(Way.RECORDED) == (("a::1", "a::2", "b::over", "b::long", "b::begins", "c::just"),)


def test_a_serial_run_has_nothing_but_what_was_before() -> None:
    scene = Scene(test=T, before=("a::1",), earlier=("a::1",), lanes=(("a::1",),))
    assert [scene.groups(way) for way in Way] == [(("a::1",),), (), (), ()]


def test_a_few_at_a_time_are_run_beside_a_short_test_and_all_beside_a_long_one() -> None:
    beside = ("p", "q", "r", "s")
    assert Scene(test=T, beside=beside, test_s=0.1).groups(Way.BESIDE) == (("p", "q", "r"), ("s",))
    assert Scene(test=T, beside=beside, test_s=1.0).groups(Way.BESIDE) == (beside,)


def test_of_many_beside_a_test_those_that_overlapped_longest_are_suspected() -> None:
    others = [attempt(f"gw{n}", f"b::{n}", 10.0 + n / 100) for n in range(1, 40)]
    ((scene),) = scenes(bundle(FAILED, *reversed(others), attempt("gw50", "c::long", 9.0, 9.0)), T, source="")
    assert scene.beside == ("c::long", *(f"b::{n}" for n in range(1, 12)))


def test_other_runs_tell_who_is_likely() -> None:
    def scene(*before: str, failed: bool) -> Scene:
        return Scene(test=T, before=before, failed=failed)

    chosen = scene("a", "b", "c", "d", failed=True)
    assert likely(chosen, [scene("d", "b", "a", failed=True), scene("a", failed=False)]) == ("b", "d")
    assert likely(chosen, []) == ()
    assert likely(chosen, [scene("a", "b", "c", "d", failed=False)]) == ()


def test_before_is_one_process_in_order() -> None:
    wanted = (Conditions(), Steering(tests=("a::1", T)))
    assert layout(SCENE, Way.BEFORE, ("a::1",)) == layout(SCENE, Way.EARLIER, ("a::1",)) == wanted


def test_beside_a_short_test_the_others_begin_at_the_same_instant() -> None:
    short = replace(SCENE, test_s=0.1)
    lanes = {"gw0": (T,), "gw1": ("p",), "gw2": ("q",)}
    assert layout(short, Way.BESIDE, ("p", "q")) == (
        Conditions(workers="3", dist="each"),
        Steering(lanes=lanes, together=True),
    )
    alone = (Conditions(workers="1", dist="each"), Steering(lanes={"gw0": (T,)}, together=True))
    assert layout(short, Way.BESIDE, ()) == alone


def test_beside_a_long_test_the_others_follow_each_other() -> None:
    lanes = {"gw0": (T,), "gw1": ("p", "s"), "gw2": ("q",), "gw3": ("r",)}
    wanted = (Conditions(workers="4", dist="each"), Steering(lanes=lanes))
    assert layout(SCENE, Way.BESIDE, ("p", "q", "r", "s")) == wanted


def test_as_recorded_all_run_where_they_ran() -> None:
    lanes = {"gw0": ("a::2", T), "gw1": ("b::over",), "gw2": ("c::just",)}
    wanted = (Conditions(workers="3", dist="each"), Steering(lanes=lanes))
    assert layout(SCENE, Way.RECORDED, ("c::just", "a::2", "b::over")) == wanted
