"""`python -m tests.torture.ledger`: processes spend at random from one budget and are killed at random.

What they were told is held against what the ledger has in the end, and against a model of it in integers.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from ci_tools.model.spending import Book, BudgetExceededError, Entry, What, spending_of
from ci_tools.store.ledger import LOCK, Ledger, read_books
from ci_tools.store.lines import Lines
from ci_tools.store.locks import Lock

KILLED = -9
MAX_PICO = 20 * 10**12  # of one reservation
ADDED_PICO = 10**6  # a millionth of a dollar: adds are recorded even past the budget, so they are small


@dataclass
class Outcome:
    """What the torture came to. `wrong` says each defect in one line."""

    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def usd(pico: int) -> Decimal:
    return Decimal(f"{pico // 10**12}.{pico % 10**12:012d}")


def pico(amount: Decimal | None) -> int:
    return int((amount or Decimal(0)).scaleb(12))


# -- one process -----------------------------------------------------------------------------


def spend(directory: Path, told: Path, budget_pico: int, n_operations: int, seed: int) -> None:
    """Do so many random operations; write down what each came to, once it is known."""
    ledger = Ledger(directory, run="0123abcd", worker="gw0", budget_usd=usd(budget_pico))
    (own,) = (Path(name) for name in _open_files() if name.endswith(".jsonl"))
    lines, rng, held = Lines(told), random.Random(seed), list[tuple[int, int]]()
    for _ in range(n_operations):
        entry = _operation(rng, held)
        try:
            seq = ledger.record(entry)
        except BudgetExceededError:
            lines.write(f"{own.stem} {'past' if entry.what is What.ADD else 'refused'} 0 {pico(entry.usd)} {entry.of}")
            continue
        if entry.what is What.RESERVE:
            held.append((seq, pico(entry.usd)))
        lines.write(f"{own.stem} {entry.what.value} {seq} {pico(entry.usd)} {entry.of}")


def _open_files() -> list[str]:
    links = (path for path in Path("/proc/self/fd").iterdir() if path.is_symlink())
    return [str(link.readlink()) for link in links if link.exists()]


def _operation(rng: random.Random, held: list[tuple[int, int]]) -> Entry:
    """Return what to do next. Few reservations are held at a time, or the budget would soon be reserved for ever."""
    nodeid = f"a.py::test_{rng.randrange(50)}"
    choice = rng.random()
    if choice < 0.1:
        return Entry(what=What.ADD, nodeid=nodeid, usd=usd(rng.randrange(ADDED_PICO)))
    if held and (choice < 0.6 or len(held) > 2):
        of, most = held.pop(rng.randrange(len(held)))
        if rng.random() < 0.1:
            return Entry(what=What.LEAVE, nodeid=nodeid, usd=usd(most), of=of)
        return Entry(what=What.SETTLE, nodeid=nodeid, usd=usd(rng.randrange(most + 1) // 50), of=of)
    return Entry(what=What.RESERVE, nodeid=nodeid, usd=usd(rng.randrange(MAX_PICO)))


# -- all of them -----------------------------------------------------------------------------


@dataclass
class Slot:
    """A place for one process after the other; `left` operations are still to do."""

    told: Path
    number: int
    left: int
    generation: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def file(self) -> Path:
        return self.told / f"{self.number}-{self.generation}"

    def start(self, spending: Path, budget_pico: int, seed: int) -> None:
        own = seed * 1_000_003 + self.number * 1_009 + self.generation
        words = map(str, (spending, self.file, budget_pico, self.left, own))
        self.process = subprocess.Popen([sys.executable, "-m", "tests.torture.ledger", "--spend", *words])

    def take(self, code: int) -> None:
        """Count what the ended process has done; another one may do the rest."""
        self.left -= len(_lines(self.file))
        self.generation += 1
        self.process = None
        if code != KILLED:
            self.left = 0


def torture(directory: Path, *, processes: int, operations: int, kills: int, seed: int) -> Outcome:
    """Run so many processes for so many operations each; a killed one's are done by the next.

    The budget is spent when about half of them are done.
    """
    began, rng, outcome = time.monotonic(), random.Random(seed), Outcome()
    spending, told = directory / "spending", directory / "told"
    told.mkdir(parents=True)
    budget_pico = processes * operations * 10**12 // 4
    slots = [Slot(told=told, number=number, left=operations) for number in range(processes)]
    while slots:
        for slot in slots:
            if slot.process is None:
                slot.start(spending, budget_pico, seed)
        time.sleep(rng.uniform(0.02, 0.2))
        _look(spending, budget_pico, outcome)
        victim = rng.choice(slots).process
        if victim and outcome.counts["kills"] < kills:
            victim.kill()
            victim.wait()
        for slot in slots:
            code = slot.process.poll() if slot.process else None
            if code is not None:
                outcome.counts["kills"] += code == KILLED
                outcome.wrong += [f"a process ended with {code}"] if code not in (0, KILLED) else []
                slot.take(code)
        slots = [slot for slot in slots if slot.left > 0]
    _judge(spending, told, budget_pico, outcome)
    outcome.seconds = time.monotonic() - began
    return outcome


def _look(spending: Path, budget_pico: int, outcome: Outcome) -> None:
    """Between two operations nothing may be past the budget, but for the millionths that were added."""
    if not (spending / LOCK).exists():
        return
    with Lock(spending / LOCK, timeout_s=60):
        charged = model(read_books(spending))
    outcome.counts["looks"] += 1
    if charged["usd"] > budget_pico + charged["added"]:
        outcome.wrong.append(f"past the budget: {usd(charged['usd'])}")


def model(books: tuple[Book, ...]) -> Counter[str]:
    """Return what is charged for these entries, in integers: in all, added, and for those that died."""
    charged: Counter[str] = Counter()
    for book in books:
        held: dict[int, int] = {}
        for entry in book.entries:
            if entry.what is What.RESERVE:
                held[entry.seq] = pico(entry.usd)
                continue
            held.pop(entry.of, None)
            charged["usd"] += pico(entry.usd)
            charged["added"] += pico(entry.usd) if entry.what is What.ADD else 0
        charged["usd"] += sum(held.values())
        charged["dead"] += sum(held.values())
    return charged


def _judge(spending: Path, told: Path, budget_pico: int, outcome: Outcome) -> None:
    books, counts, wrong = read_books(spending), outcome.counts, outcome.wrong
    there = {
        (f"{book.run}-{book.worker}-{book.process}", entry.what.value, entry.seq, pico(entry.usd), entry.of)
        for book in books
        for entry in book.entries
    }
    acknowledged = set()
    for file in told.iterdir():
        for line in _lines(file):
            book, what, seq, amount, of = line.split(" ")
            counts[what] += 1
            if what not in ("refused", "past"):
                acknowledged.add((book, what, int(seq), int(amount), int(of)))
    wrong += [f"acknowledged and lost: {line}" for line in sorted(acknowledged - there)]
    unheard = len(there - acknowledged) - counts["past"]
    if unheard > counts["kills"]:
        wrong.append(f"{unheard} entries that nobody was told of, after {counts['kills']} kills")
    wrong += [f"{book.damaged} damaged lines of {book.process}" for book in books if book.damaged]
    charged, total = model(books), spending_of({(1, 1): [*books, *books]}).total
    if (pico(total.usd), pico(total.dead_usd)) != (charged["usd"], charged["dead"]):
        wrong.append(f"charged {total.usd}, of it {total.dead_usd} for the dead; the model says {charged}")
    _exactly_the_rest(spending, budget_pico, charged["usd"], wrong)
    counts["entries"], counts["dead reservations"] = len(there), _n_dead(books)


def _n_dead(books: tuple[Book, ...]) -> int:
    return sum(
        1 - any(other.of == entry.seq for other in book.entries if other.what is not What.RESERVE)
        for book in books
        for entry in book.entries
        if entry.what is What.RESERVE
    )


def _exactly_the_rest(spending: Path, budget_pico: int, charged_pico: int, wrong: list[str]) -> None:
    """What is left can be had to the last picodollar, and no more."""
    ledger = Ledger(spending, run="0123abcd", worker="gw1", budget_usd=usd(budget_pico))
    rest = budget_pico - charged_pico
    while rest > 0:
        part = min(rest, 999_999 * 10**12)
        try:
            ledger.record(Entry(what=What.RESERVE, nodeid="", usd=usd(part)))
        except BudgetExceededError:
            wrong.append(f"{usd(part)} were left, and refused")
            return
        rest -= part
    try:
        ledger.record(Entry(what=What.RESERVE, nodeid="", usd=usd(1)))
    except BudgetExceededError:
        return
    wrong.append("nothing was left, and a picodollar admitted")


def _lines(file: Path) -> list[str]:
    return file.read_text().split("\n")[:-1] if file.exists() else []


def main(words: list[str] | None = None) -> int:
    """Return 0 when nothing is wrong, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.ledger", description=__doc__)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--operations", type=int, default=10_000, help="of each process (default: 10000)")
    parser.add_argument("--kills", type=int, default=200, help="default: 200")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--spend", nargs=5, metavar=("DIRECTORY", "TOLD", "BUDGET", "N", "SEED"), help=argparse.SUPPRESS
    )
    args = parser.parse_args(words)
    if args.spend:
        directory, told, *numbers = args.spend
        spend(Path(directory), Path(told), *map(int, numbers))
        return 0
    directory = Path(tempfile.mkdtemp(prefix="torture-"))
    outcome = torture(directory, processes=args.processes, operations=args.operations, kills=args.kills, seed=args.seed)
    shutil.rmtree(directory)
    print(", ".join(f"{number:,} {name}" for name, number in sorted(outcome.counts.items())), end="")
    print(f" in {outcome.seconds:.0f} s: {len(outcome.wrong)} wrong")
    print("".join(f"  {line}\n" for line in outcome.wrong[:20]), end="")
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
