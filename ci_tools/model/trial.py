"""One run of a suite under stated conditions, to learn from: how it is run, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Order(str, Enum):
    """The order of the tests: as pytest has it; that backwards; shuffled files, classes in them, tests in those."""

    SAME = "same"
    REVERSE = "reverse"
    RANDOM = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What may differ between two runs of one suite.

    `workers` is pytest-xdist's `-n`: `0` is none, `auto` or a number. `seed` is of a random order.
    `hash_seed` is PYTHONHASHSEED and `tz` is TZ, None and "" as they are here. `stress` is the number
    of processes that keep the CPUs busy meanwhile.
    """

    workers: str = "0"
    dist: str = "loadfile"
    order: Order = Order.SAME
    seed: int = 0
    hash_seed: int | None = None
    tz: str = ""
    stress: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """What the plugin is told: how to run, which tests in which order, and what to write down.

    `workers` and `dist` are those of `Conditions`, whatever the command says. `tests` are run in this
    very order, those alone; () is all that the command selects, in `order`. `lanes` has the tests of
    single workers by their ids, say gw0, where they are to differ: for `--dist each`. With `together` the
    nth tests of all lanes begin at the same instant. `evidence` asks for what tests touch; with `meet_at`
    those of the lanes wait for each other where they first touch one of these resources. `as_is` leaves
    coverage and files that plugins write as the command has them.
    """

    workers: str = "0"
    dist: str = "loadfile"
    order: Order = Order.SAME
    seed: int = 0
    tests: tuple[str, ...] = ()
    lanes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    together: bool = False
    evidence: bool = False
    meet_at: tuple[str, ...] = ()
    as_is: bool = False

    @property
    def chosen(self) -> frozenset[str]:
        """The tests it names, in any lane; empty where it leaves that to the command."""
        return frozenset(self.tests).union(*self.lanes.values())
