"""`python -m tests.torture.store`: processes lock, change and claim, are killed at random, and nothing is lost.

Each operation that is done is one line in its process's log, so that what was acknowledged is known though
the process was killed; a killed process is replaced, and its successor does the rest.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ci_tools.store.claims import Claims
from ci_tools.store.locks import Lock
from ci_tools.store.shared import Store, change_text

ROOT = Path(__file__).parents[2]
KEYS = "abcdef"
TTL_S, SHORT_S = 3_600, 0.02
LIMIT_S = 3_600
KINDS = ("exclusive", "shared", "change", "count", "claim", "lapse", "read")
WEIGHTS = (25, 15, 15, 10, 20, 5, 10)

Interval = tuple[int, int]  # ns of the clock that processes share


@dataclass
class Work:
    """What one process does; `log` has a line for each operation that it did, over all its lives."""

    top: Path
    slot: str
    r: random.Random
    log: int = -1
    own: dict[str, int] = field(default_factory=dict)  # the claims that it has, and since when

    def exclusive(self) -> str:
        return self._locked(shared=False)

    def shared(self) -> str:
        return self._locked(shared=True)

    def _locked(self, *, shared: bool) -> str:
        with Lock(self.top / "x.lock", shared=shared, timeout_s=LIMIT_S):
            began = time.monotonic_ns()
            time.sleep(self.r.choice((0, 0, 0.0005)))
            return f"{began} {time.monotonic_ns()}"

    def change(self) -> str:
        with Store(self.top / "state.json", timeout_s=LIMIT_S).changing() as state:
            by = state.setdefault("by", {})
            wrong = "" if state.get("n", 0) == sum(by.values()) else f"n is {state['n']}, by is {by}"
            state["n"] = state.get("n", 0) + 1
            by[self.slot] = by.get(self.slot, 0) + 1
        return f"{by[self.slot]} {wrong}"

    def count(self) -> str:
        return change_text(self.top / "count", lambda text: str(int(text or 0) + 1), timeout_s=LIMIT_S)

    def claim(self) -> str:
        """Claim a key, or release it; the line of a release has the time between."""
        claims, key = Claims(self.top / "claims.json", timeout_s=LIMIT_S), self.r.choice(KEYS)
        if key not in self.own:
            if claims.claim(key, owner=self.slot, ttl_s=TTL_S):
                self.own[key] = time.monotonic_ns()
            return ""
        began, ended = self.own.pop(key), time.monotonic_ns()
        wrong = "" if claims.release(key, owner=self.slot) else "a claim is lost"
        return f"{began} {ended} {key} {wrong}"

    def lapse(self) -> str:
        """Claim a key for a moment: whoever comes next takes it over."""
        claims, key = Claims(self.top / "claims.json", timeout_s=LIMIT_S), self.r.choice(KEYS)
        asked = time.monotonic_ns()
        if key in self.own or not claims.claim(key, owner=self.slot, ttl_s=SHORT_S):
            return ""
        began, ended = time.monotonic_ns(), asked + int(SHORT_S * 1e9)
        return f"{began} {ended} {key}" if began < ended else ""

    def read(self) -> str:
        state = Store(self.top / "state.json").read()
        return "" if state.get("n", 0) == sum(state.get("by", {}).values()) else f"torn: {state}"


def work(top: Path, slot: str, operations: int, seed: str) -> None:
    """Do what is left to do of the operations, one line of the log each."""
    log = top / f"log-{slot}"
    done = len(log.read_text().splitlines()) if log.exists() else 0
    doing = Work(top, slot, random.Random(seed), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(operations - done):
        kind = doing.r.choices(KINDS, WEIGHTS)[0]
        os.write(doing.log, f"{kind} {getattr(doing, kind)()}\n".encode())
    claims = Claims(top / "claims.json")
    for key in list(doing.own):
        claims.release(key, owner=slot)
    while any(claim.owner == slot for claim in claims.peek()):  # until then a file says that its owner is alive
        time.sleep(SHORT_S)
    print(len(os.listdir("/proc/self/fd")) - before)


def torture(top: Path, *, processes: int, operations: int, kills: int, seed: int) -> list[str]:
    """Do it; return what is wrong afterwards."""
    r = random.Random(seed)
    wrong: list[str] = []
    killed_ns: list[list[int]] = [[] for _ in range(processes)]

    def start(slot: int) -> subprocess.Popen[str]:
        words = (
            "--worker",
            str(slot),
            "--operations",
            str(operations),
            "--seed",
            f"{seed} {slot} {len(killed_ns[slot])}",
        )
        command = [sys.executable, "-m", "tests.torture.store", "--top", str(top), *words]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    running = {slot: start(slot) for slot in range(processes)}
    for number in range(1, kills + 1):
        victim = _wait_for(top, processes * operations * number // (kills + 1), running, r)
        killed_ns[victim].append(time.monotonic_ns())
        running[victim].kill()
        running[victim].communicate()
        running[victim] = start(victim)
    for slot, process in running.items():
        said = process.communicate(timeout=LIMIT_S)[0]
        if said != "0\n":
            wrong.append(f"process {slot}: {said or process.returncode}")
    return wrong + check(top, operations, killed_ns)


def _wait_for(top: Path, lines: int, running: dict[int, subprocess.Popen[str]], r: random.Random) -> int:
    """Wait until so many operations are done, and a moment; return who is to die of those that still work."""
    while sum(path.read_bytes().count(b"\n") for path in top.glob("log-*")) < lines:
        time.sleep(0.01)
    time.sleep(r.uniform(0, 0.005))
    alive = [slot for slot, process in running.items() if process.poll() is None]
    return r.choice(alive or list(running))


def check(top: Path, operations: int, killed_ns: list[list[int]]) -> list[str]:
    """Hold what is there against what was acknowledged. A killed process may have done one operation more."""
    logs = {slot: (top / f"log-{slot}").read_text().splitlines() for slot in range(len(killed_ns))}
    lines = [_lived(line.split(" ", 3), killed_ns[slot]) for slot, log in logs.items() for line in log]
    wrong = [f"process {slot}: {len(log)} operations" for slot, log in logs.items() if len(log) != operations]
    state, n_kills = Store(top / "state.json").read(), sum(map(len, killed_ns))
    for slot, log in logs.items():
        changes = [line.split(" ", 2) for line in log if line.startswith("change ")]
        wrong += [f"process {slot}: {rest}" for _, _, rest in changes if rest]
        numbers = [int(number) for _, number, _ in changes]
        done = state["by"].get(str(slot), 0)
        if numbers != sorted(set(numbers)) or not len(numbers) <= done <= len(numbers) + len(killed_ns[slot]):
            wrong.append(
                f"process {slot}: {len(numbers)} changes acknowledged, {done} done, {len(killed_ns[slot])} kills"
            )
    if state["n"] != sum(state["by"].values()):
        wrong.append(f"n is {state['n']}, by is {state['by']}")
    counted = [int(line[1]) for line in lines if line[0] == "count"]
    if len(set(counted)) != len(counted) or not len(counted) <= int((top / "count").read_text()) <= (
        len(counted) + n_kills
    ):
        wrong.append(f"{len(counted)} counted, {len(set(counted))} of them once, to {(top / 'count').read_text()}")
    wrong += [f"read: {' '.join(line)}" for line in lines if line[0] == "read" and line[1]]
    return wrong + _check_intervals(lines) + _check_leaks(top)


def _lived(line: list[str], killed_ns: list[int]) -> list[str]:
    """Return a line of the log whose claim ends with its process, if that was killed before it lapsed."""
    if line[0] == "lapse" and line[1]:
        began, ended = int(line[1]), int(line[2])
        line[2] = str(min([ended, *(at for at in killed_ns if began < at)]))
    return line


def _check_intervals(lines: list[list[str]]) -> list[str]:
    alone = [(int(line[1]), int(line[2])) for line in lines if line[0] == "exclusive"]
    together = [(int(line[1]), int(line[2])) for line in lines if line[0] == "shared"]
    wrong = [f"locked by two: {pair}" for pair in overlaps(alone, together)]
    claims = [line for line in lines if line[0] in ("claim", "lapse") and line[1]]
    wrong += [f"claim: {line}" for line in claims if line[3].strip() not in KEYS]
    for key in KEYS:
        own = [(int(line[1]), int(line[2])) for line in claims if line[3].strip() == key]
        wrong += [f"claimed by two: {key} {pair}" for pair in overlaps(own, ())]
    return wrong


def overlaps(alone: Iterable[Interval], together: Iterable[Interval]) -> list[tuple[Interval, Interval]]:
    """Return pairs that overlap though one of them was to be alone."""
    found = []
    last_alone = last = (0, 0)  # those that end last, so far
    for began, ended, is_alone in sorted([(*i, True) for i in alone] + [(*i, False) for i in together]):
        before = last if is_alone else last_alone
        if began < before[1]:
            found.append((before, (began, ended)))
        last = max(last, (began, ended), key=lambda interval: interval[1])
        if is_alone:
            last_alone = max(last_alone, (began, ended), key=lambda interval: interval[1])
    return found


def _check_leaks(top: Path) -> list[str]:
    """All are dead: nothing is claimed or locked, and after one more change of each file nothing is left over."""
    claims, store = Claims(top / "claims.json", timeout_s=0), Store(top / "state.json", timeout_s=0)
    wrong = [f"claimed: {claim}" for claim in claims.peek()]
    claims.clear()
    change_text(top / "count", lambda text: text or "", timeout_s=0)
    with store.changing(), Lock(top / "x.lock", timeout_s=0):
        pass
    expected = {"claims.json", ".claims.json.alive", "state.json", "count", "x.lock"}
    left = {path.name for path in top.iterdir() if not path.name.startswith("log-")} - expected
    return wrong + [f"left: {name}" for name in sorted(left)]


def main(words: list[str] | None = None) -> int:
    """Return 0 when nothing is wrong, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.store", description=__doc__)
    parser.add_argument("--processes", type=int, default=8, help="how many at the same time (default: 8)")
    parser.add_argument("--operations", type=int, default=10_000, help="of each (default: 10000)")
    parser.add_argument("--kills", type=int, default=200, help="how many in all (default: 200)")
    parser.add_argument("--seed", default="0", help="default: 0")
    parser.add_argument("--top", type=Path, help="where to work, and to leave what is left (default: nowhere)")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args(words)
    if args.worker is not None:
        work(args.top, args.worker, args.operations, args.seed)
        return 0
    top = args.top or Path(tempfile.mkdtemp(prefix="torture-store-"))
    began_s = time.monotonic()
    wrong = torture(top, processes=args.processes, operations=args.operations, kills=args.kills, seed=int(args.seed))
    if not args.top:
        shutil.rmtree(top)
    for line in wrong[:20]:
        print(f"WRONG {line}")
    did = f"{args.processes} × {args.operations:,} operations, {args.kills} kills, {time.monotonic() - began_s:.0f} s"
    print(f"{did}: {f'{len(wrong)} wrong' if wrong else 'right'}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
