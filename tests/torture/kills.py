"""`python -m tests.torture.kills`: healthy runs, killed at random moments, held against a model."""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ci_tools.formats import report_json

from .kill_model import Left, Victim, check
from .kinds import CONFTEST, HEADER, KIT, Kind, outcomes_of, test_source
from .runs import CI_TOOLS, LIMIT_S, PYTEST, Place, end_all, in_threads, place, run, start
from .suites import INI, Case, Suite
from .truth import Truth

N_FILES, N_TESTS = 20, 10
VICTIMS = (Victim.WORKER, Victim.WORKER, Victim.CONTROLLER, Victim.RUN, Victim.CANCEL, Victim.TERM)
# Of many broken teardowns, because a test that was killed before its own is easily taken for passed.
MIXED = (*(Kind.PASS,) * 4, Kind.FAIL, Kind.SKIP, *(Kind.TEARDOWN_ERROR,) * 3)
WORKER_COMMAND = b"exec(eval(sys.stdin.readline()))"  # how execnet starts pytest-xdist's workers


def healthy_suite(seed: int) -> Suite:
    """Return 200 short tests in 20 files; in half of the seeds all of them pass."""
    r = random.Random(seed)
    kinds = (Kind.PASS,) if r.random() < 0.5 else MIXED
    files = {"pytest.ini": INI, "kit.py": KIT, "conftest.py": CONFTEST}
    cases = []
    for file in range(N_FILES):
        text = HEADER
        for number in range(N_TESTS):
            kind, name = r.choice(kinds), f"test_f{file}_{number}"
            text += "\n\n" + test_source(kind, name, sleep_s=r.choice((0, 0.005, 0.02, 0.04)), marks=(), twin=("", ""))
            nodeid = f"test_f{file}.py::{name}"
            cases.append(Case(nodeid=nodeid, kind=kind, serial=False, outcomes=outcomes_of(kind, 0)))
        files[f"test_f{file}.py"] = text
    return Suite(seed=seed, theme="healthy", files=tuple(files.items()), cases=tuple(cases), workers=r.randint(1, 3))


def one_kill(seed: int, top: Path) -> tuple[Suite, Victim, Truth, Left]:
    """Run the seed's suite, kill its victim at its moment, merge."""
    suite = healthy_suite(seed)
    r = random.Random(f"kill {seed}")
    victim = r.choice(VICTIMS)
    where = place(top, suite.files)
    run(where, "plan", (*CI_TOOLS, "plan", "--shards", "1"), LIMIT_S)
    process = start(where, "run", (*CI_TOOLS, "run", "--shard", "1/1", "--", *PYTEST, *suite.options))
    try:
        _wait_for_the_moment(where, process, r)
        killed = _strike(victim, process, r)
        code = _ended(process, 60)
    finally:
        end_all(where, process)
    return suite, victim, where.truth(), _left(where, None if victim is Victim.RUN else code, killed)


def _wait_for_the_moment(where: Place, process: subprocess.Popen[bytes], r: random.Random) -> None:
    """Wait until some tests have begun; now and then only some time, while nothing has begun yet."""
    if r.random() < 0.1:
        time.sleep(r.uniform(0, 1.2))
        return
    n_begun, log = r.randrange(1, N_FILES * N_TESTS), where.top / "truth.log"
    while process.poll() is None and (not log.exists() or log.read_bytes().count(b"begin ") < n_begun):
        time.sleep(0.003)
    time.sleep(r.uniform(0, 0.04))


def _strike(victim: Victim, process: subprocess.Popen[bytes], r: random.Random) -> int:
    """Kill the victim; return the worker's process id when it was one, else 0."""
    if victim in (Victim.WORKER, Victim.CONTROLLER):
        while process.poll() is None:
            pids = list(_workers(process.pid) if victim is Victim.WORKER else _controllers(process.pid))
            if pids:
                pid = r.choice(sorted(pids))
                os.kill(pid, signal.SIGKILL)
                return pid if victim is Victim.WORKER else 0
            time.sleep(0.005)
        return 0
    if victim is Victim.RUN:
        process.kill()
    elif victim is Victim.TERM:
        process.terminate()
    else:
        process.send_signal(signal.SIGINT)
        if _ended(process, 7.5) is None:
            process.terminate()
            if _ended(process, 2.5) is None:
                process.kill()
    return 0


def _ended(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def _descendants(pid: int) -> Iterator[tuple[int, bytes]]:
    """Yield (process id, command line) of all below a process, the zombies left out."""
    children: dict[int, list[int]] = {}
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            state, parent = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            children.setdefault(int(parent), []).append(int(name))
    todo = list(children.get(pid, []))
    while todo:
        child = todo.pop()
        todo += children.get(child, [])
        try:
            yield child, Path("/proc", str(child), "cmdline").read_bytes()
        except OSError:
            continue


def _workers(run_pid: int) -> Iterator[int]:
    return (pid for pid, command in _descendants(run_pid) if WORKER_COMMAND in command)


def _controllers(run_pid: int) -> Iterator[int]:
    return (pid for pid, command in _descendants(run_pid) if b"\0pytest\0" in command)


def _left(where: Place, run_code: int | None, killed_pid: int) -> Left:
    """Merge what the run left, and read it."""
    has_bundle = any((where.project / "bundles").glob("*/manifest.json"))
    code = run(where, "merge", (*CI_TOOLS, "merge", "bundles"), LIMIT_S)
    path = where.project / "merged" / "report.json"
    if not path.exists():
        return Left(outcomes={}, merge_code=code, run_code=run_code, has_bundle=has_bundle)
    report = report_json.loads(path.read_text(encoding="utf-8"), source="report.json")
    verdicts = ("PASSED", "FAILED", "INCOMPLETE")
    return Left(
        outcomes={case.nodeid: [attempt.outcome.value for _, attempt in case.attempts] for case in report.cases},
        not_run=frozenset(missing.name for missing in report.not_run),
        state=report.shards[0].state.value,
        reason=report.shards[0].reason,
        verdict=next((line for line in where.output("merge").splitlines() if line.startswith(verdicts)), ""),
        run_code=run_code,
        merge_code=code,
        killed_pid=killed_pid,
        # A worker that dies before it has said hello is an internal error of pytest-xdist.
        in_setup=re.search(r"INTERNALERROR> .* in setup_nodes?$", where.output("run"), re.M) is not None,
        has_bundle=has_bundle,
    )


def main(words: list[str] | None = None) -> int:
    """Return 0 when every kill left what the model says, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (default: 0)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (default: 2)")
    parser.add_argument("--only-seed", type=int, metavar="S", help="this one, and keep its directory")
    args = parser.parse_args(words)
    only = args.only_seed
    seeds = range(args.seed, args.seed + args.kills) if only is None else [only]
    base = Path(tempfile.mkdtemp(prefix="torture-kills-"))
    counts: dict[str, Counter[str]] = {victim.value: Counter() for victim in Victim}
    lock = threading.Lock()

    def one(seed: int) -> None:
        suite, victim, truth, left = one_kill(seed, base / str(seed))
        wrong = check(suite, truth, left, victim)
        with lock:
            counts[victim.value].update(kills=1, right=int(not wrong), **{left.state or "no bundle": 1})
            _say(seed, suite, victim, wrong, sum(count["kills"] for count in counts.values()), len(seeds))
        if only is None:
            shutil.rmtree(base / str(seed), ignore_errors=True)

    in_threads(one, seeds, args.jobs)
    if only is None:
        shutil.rmtree(base, ignore_errors=True)
    else:
        print(f"kept: {base}")
    for name, count in counts.items():
        print(f"{name:>10}  " + "  ".join(f"{key} {number}" for key, number in count.items()))
    return int(any(count["right"] < count["kills"] for count in counts.values()))


def _say(seed: int, suite: Suite, victim: Victim, wrong: list[str], n_done: int, n_all: int) -> None:
    if wrong:
        replay = f"python -m tests.torture.kills --only-seed {seed}"
        print(f"{n_done}/{n_all}, WRONG seed {seed} ({victim.value}; {' '.join(suite.options)}); replay: {replay}")
        for line in wrong[:6]:
            print(f"    {line}")
        if len(wrong) > 6:
            print(f"    and {len(wrong) - 6} more")
    elif n_done % 10 == 0 or n_done == n_all:
        print(f"{n_done}/{n_all}, the newest is right")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
