"""`python -m tests.torture.marks --seeds 200`: suites of 400 tests with every mark, under every scheduler.

Each seed is one suite, run with one of `-n 0, 1, 2, 4`, one of four `--dist`, alone or as two runs at
once, with workers that die where pytest-xdist survives that, as a plain pytest or as a shard.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ci_tools.formats import attempts_jsonl

from .marked import N_TESTS, Span, make_suite, n_beside, read_log, wrongs
from .runs import CI_TOOLS, PYTEST, Place, end_all, place, run, start

LIMIT_S = 120.0
WORKERS = ("0", "1", "2", "4")
DISTS = ("loadfile", "load", "worksteal", "loadscope")
SURVIVES = ("load", "worksteal")  # what pytest-xdist's own schedulers do when a worker dies


@dataclass(frozen=True, slots=True)
class Way:
    """How a seed's suite is run."""

    n: str
    dist: str
    in_shard: bool
    runs: tuple[str, ...]
    deaths: int

    def __str__(self) -> str:
        where = "a shard" if self.in_shard else "pytest"
        return f"{where} -n {self.n} --dist {self.dist}, {len(self.runs)} at once, {self.deaths} deaths"


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one suite. Without tests that ran beside another, `n_beside`, nothing would be shown.

    `waits` are, of each serial test that waited, the tests that began meanwhile, and the seconds.
    """

    wrong: tuple[str, ...]
    n_ran: int = 0
    n_beside: int = 0
    waits: tuple[tuple[int, float], ...] = ()


def way_of(seed: int) -> Way:
    """Return how to run a seed: sixteen in a row meet all numbers of workers and all schedulers."""
    n, dist = WORKERS[seed % 4], DISTS[seed // 4 % 4]
    in_shard = seed // 16 % 2 == 0
    can_die = n != "0" and (dist in SURVIVES or (dist == "loadfile" and in_shard))
    runs = ("one", "two") if not in_shard and seed // 32 % 2 == 0 else ("one",)
    return Way(n, dist, in_shard, runs, deaths=seed // 16 % 4 if can_die else 0)


def run_seed(seed: int, top: Path, *, n_tests: int = N_TESTS, without: bool = False) -> Judged:
    """Run one suite below `top` and judge its log; `without` our plugin only if you want to see it go wrong."""
    way = way_of(seed)
    suite = make_suite(seed, n_tests=n_tests, deaths=way.deaths)
    where = place(top, suite.files)
    code_wrong = list(_run(way, where, without=without))
    try:
        spans = read_log((top / "log").read_text(), suite)
    except (KeyError, FileNotFoundError) as error:
        return Judged((*code_wrong, f"the log: {error}"))
    left = [path.name for path in (top / "host").glob("*") if path.name not in ("locks", "swept")]
    wrong = [*code_wrong, *wrongs(spans, suite, way.runs), *(f"left behind: {name}" for name in left)]
    return Judged(tuple(wrong), len(spans), n_beside(spans), tuple(_waits(where, spans)))


def _run(way: Way, where: Place, *, without: bool) -> list[str]:
    """Run the suite, all runs of it at once; return what is wrong with how they ended."""
    plugin = ("-p", "no:ci_tools.plugin") if without else ()
    command = (*PYTEST, *plugin, "-q", "-n", way.n, "--dist", way.dist)
    if way.in_shard and not without:
        run(where, "plan", (*CI_TOOLS, "plan", "--shards", "1"), LIMIT_S)
        command = (*CI_TOOLS, "run", "--shard", "1/1", "--", *command)
    env = ("env", f"MARKS_LOG={where.top / 'log'}", f"CI_TOOLS_HOST_DIR={where.top / 'host'}")
    started = {name: start(where, name, (*env, f"MARKS_RUN={name}", *command)) for name in way.runs}
    until = time.monotonic() + LIMIT_S
    wanted = 1 if way.deaths else 0
    wrong = []
    for name, process in started.items():
        try:
            code: object = process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            code = "nothing: it hung"
        if code != wanted:
            wrong.append(f"{name} ended with {code}, wanted {wanted}: {where.output(name)[-300:]!r}")
    for process in started.values():
        end_all(where, process)
    return wrong


def _waits(where: Place, spans: list[Span]) -> Iterator[tuple[int, float]]:
    """Yield of each serial test that waited how many others began meanwhile, and the seconds; in a shard alone."""
    path = where.project / "bundles" / "shard-1-of-1-attempt-1" / "attempts.jsonl"
    if not path.exists():
        return
    sessions, _ = attempts_jsonl.loads(path.read_text(encoding="utf-8"), source=path.name)
    waited_s = {a.nodeid: a.lock_wait_s for session in sessions for a in session.attempts if a.lock_wait_s}
    for span in spans:
        wait_ns = waited_s.get(span.case.nodeid, 0.0) * 1e9
        if span.case.serial and wait_ns:
            began = (span.wall_ns - wait_ns < other.wall_ns < span.wall_ns for other in spans)
            yield sum(began), wait_ns / 1e9


def main(words: list[str] | None = None) -> int:
    """Return 0 when all suites ran as their marks say, 1 when one didn't."""
    args = _parser().parse_args(words)
    base = Path(tempfile.mkdtemp(prefix="marks-"))
    n_wrong, waits, began_s = 0, [(0, 0.0)], time.monotonic()
    total: Counter[str] = Counter()
    for seed in range(args.seed, args.seed + args.seeds):
        way, top = way_of(seed), base / str(seed)
        judged = run_seed(seed, top, without=args.without)
        total.update(ran=judged.n_ran, beside=judged.n_beside, dead=way.deaths * len(way.runs))
        waits += judged.waits
        if judged.wrong:
            n_wrong += 1
            print(f"WRONG seed {seed} ({way}), see {top}")
            print("".join(f"    {line}\n" for line in judged.wrong[:5]), end="", flush=True)
        else:
            shutil.rmtree(top, ignore_errors=True)
    print(f"{args.seeds - n_wrong} of {args.seeds} suites right, {time.monotonic() - began_s:.0f} s")
    print(f"{total['ran']:,} tests, {total['beside']:,} of them beside another, {total['dead']} dead workers")
    most, longest_s = max(waits)[0], max(seconds for _, seconds in waits)
    print(f"{len(waits) - 1:,} serial tests waited for a lock, at most {longest_s:.2f} s and while {most} others began")
    return 1 if n_wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.torture.marks")
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--without", action="store_true", help="without our plugin, to see what goes wrong then")
    return parser


if __name__ == "__main__":
    sys.exit(main())
