"""Suites in which it is known who makes a test fail. The same seed gives the same suite."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

KINDS = ("single", "pair", "concurrent")
APP = "state = set()\n"
# Half of a second beside each other is enough of an overlap; both begin at the same instant.
HELPERS = """\
import pathlib, random, time
import app

BUSY = pathlib.Path(__file__).with_name("busy")


def hold():
    BUSY.touch()
    time.sleep(0.3)
    BUSY.unlink()


def is_busy():
    end_s = time.monotonic() + 0.2
    while time.monotonic() < end_s:
        if BUSY.exists():
            return True
        time.sleep(0.01)
    return False


def falls(rate):
    return random.SystemRandom().random() < rate
"""
PASSES = "    pass\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """`culprits` make `victim` fail, in a share `rate` of its runs after, or beside, all of them."""

    seed: int
    kind: str
    rate: float
    victim: str
    culprits: tuple[str, ...]
    files: tuple[tuple[str, str], ...]

    def write(self, top: Path) -> None:
        """Write the suite's files."""
        top.mkdir(parents=True, exist_ok=True)
        for name, text in self.files:
            (top / name).write_text(text)


def planted(seed: int, *, kind: str = "", rate: float = 0.0, tests: tuple[int, int] = (20, 200)) -> Planted:
    """Return the suite of a seed: of 20 to 200 tests, the culprits and the victim in files of their own choice."""
    r = random.Random(seed)
    kind = kind or KINDS[seed % 3]
    rate = rate or (1.0, 0.5)[seed // 3 % 2]
    n_tests, n_files = r.randint(*tests), r.randint(3, 8)
    ids = [f"test_{r.randrange(n_files)}.py::test_{number}" for number in range(n_tests)]
    victim, *others = r.sample(ids, n_tests)
    culprits = _culprits(kind, victim, others)
    bodies = dict.fromkeys(ids, PASSES) | {victim: _victim(kind, rate)}
    bodies |= {test: _culprit(kind, n) for n, test in enumerate(culprits)}
    files: dict[str, str] = {}
    for test, body in bodies.items():
        file, _, name = test.partition("::")
        files[file] = files.get(file, "from helpers import *\n") + f"\n\ndef {name}():\n{body}"
    return Planted(
        seed=seed,
        kind=kind,
        rate=rate,
        victim=victim,
        culprits=culprits,
        files=(("app.py", APP), ("helpers.py", HELPERS), *sorted(files.items())),
    )


def _culprits(kind: str, victim: str, others: list[str]) -> tuple[str, ...]:
    """Return who does it; who does it beside the victim is in another file, or no worker would ever run both."""
    if kind == "pair":
        return tuple(others[:2])
    file = victim.partition("::")[0]
    return (next(test for test in others if kind == "single" or test.partition("::")[0] != file),)


def _victim(kind: str, rate: float) -> str:
    if kind == "concurrent":
        return f"    assert not (is_busy() and falls({rate}))\n"
    needed = {"single": "{0}", "pair": "{0, 1}"}[kind]
    return f"    assert not (app.state >= {needed} and falls({rate}))\n"


def _culprit(kind: str, number: int) -> str:
    return "    hold()\n" if kind == "concurrent" else f"    app.state.add({number})\n"
