"""A sample of the suites with every mark for every `make test`; `make torture` runs two hundred."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from .marked import Case, Span, Use, make_suite, read_log, wrongs
from .marks import DISTS, WORKERS, run_seed, way_of

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds its processes in /proc")

N_TESTS = 100
# One plain run, a shard whose workers die, two runs at once.
SAMPLE = (50, 34, 26)


@linux
@pytest.mark.parametrize("seed", SAMPLE, ids=lambda seed: str(way_of(seed)))
def test_marked_tests_meet_nobody_that_they_must_not_meet(seed: int, tmp_path: Path) -> None:
    judged = run_seed(seed, tmp_path / "top", n_tests=N_TESTS)
    assert judged.wrong == ()
    assert judged.n_ran >= N_TESTS * len(way_of(seed).runs)


@linux
def test_without_the_plugin_the_same_suite_goes_wrong(tmp_path: Path) -> None:
    judged = run_seed(SAMPLE[0], tmp_path / "top", n_tests=N_TESTS, without=True)
    assert any(" met: " in line for line in judged.wrong)


def test_a_seed_gives_the_same_suite_and_all_ways_to_run_come_up() -> None:
    assert make_suite(7, deaths=2) == make_suite(7, deaths=2)
    ways = [way_of(seed) for seed in range(200)]
    for in_shard in (False, True):
        assert {(w.n, w.dist) for w in ways if w.in_shard is in_shard} == {(n, d) for n in WORKERS for d in DISTS}
    assert {way.deaths for way in ways} == {0, 1, 2, 3} and {len(way.runs) for way in ways} == {1, 2}
    text = "".join(text for _, text in make_suite(0).files)
    for sign in ("mark.serial", "no_parallel", 'mode="read"', "limit=3", 'scope="host"', 'scope="global"', "flaky"):
        assert sign in text, sign


READER, WRITER, SERIAL = Case("r", uses=(Use("db"),)), Case("w", uses=(Use("db", alone=True),)), Case("s", serial=True)
LIMITED, OF_HOST = Case("l", uses=(Use("gpu", limit=2),)), Case("h", uses=(Use("license", alone=True),))
FREE = Case("f")


@pytest.mark.parametrize(
    ("cases", "runs", "wrong"),
    [
        ((READER, READER, FREE), ("one", "one", "one"), []),
        ((READER, WRITER), ("one", "one"), ["r (one) and w (one) met: db"]),
        ((READER, WRITER), ("one", "two"), []),
        ((FREE, SERIAL), ("one", "one"), ["f (one) and s (one) met: serial"]),
        ((FREE, SERIAL), ("one", "two"), []),
        ((OF_HOST, OF_HOST), ("one", "two"), ["h (one) and h (two) met: license"]),
        ((LIMITED, LIMITED), ("one", "one"), []),
        ((LIMITED,) * 3, ("one",) * 3, ["3 tests at once in gpu one at 2, the limit is 2"]),
        ((LIMITED,) * 3, ("one", "one", "two"), []),
    ],
)
def test_the_judge_sees_who_met(cases: tuple[Case, ...], runs: tuple[str, ...], wrong: list[str]) -> None:
    suite = replace(make_suite(0, n_tests=0), cases={})
    together = [Span(case, run, i, 10, 0) for i, (case, run) in enumerate(zip(cases, runs))]
    assert wrongs(together, suite, ()) == wrong
    apart = [Span(case, run, 10 * i, 10 * i + 10, 0) for i, (case, run) in enumerate(zip(cases, runs))]
    assert wrongs(apart, suite, ()) == []


def test_the_judge_misses_a_test_that_did_not_run_or_ran_twice() -> None:
    suite = replace(make_suite(0, n_tests=0), cases={"r": READER, "f": FREE})
    log = "1 1 9 one begin f\n2 1 9 one end f\n3 1 9 one begin f\n4 1 9 one end f\n"
    assert wrongs(read_log(log, suite), suite, ["one"]) == [
        "r ran 0 times in one, wanted 1",
        "f ran 2 times in one, wanted 1",
    ]
