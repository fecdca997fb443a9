"""`[tool.ci-tools.gates]`: what a project wants to see before it runs its suite in parallel, and whether it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import Enum

from ci_tools.parallelize.compare import Comparison, Kind
from ci_tools.parallelize.speed import Speed
from ci_tools.store.tables import Table

MOST = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limit of each gate; None is no gate. `min_ready` is in percent, `min_speedup` a factor."""

    min_speedup: float | None = 1.0
    max_new_failures: float | None = 0.0
    max_lost: float | None = 0.0
    max_new_skips: float | None = 0.0
    max_hangs: float | None = 0.0
    max_flaky: float | None = None
    min_ready: float | None = None


WHAT = {
    "min_speedup": "speed-up",
    "max_new_failures": "tests that fail in parallel only",
    "max_lost": "tests lost or not collected in parallel",
    "max_new_skips": "tests skipped in parallel only",
    "max_hangs": "stuck tests and unfinished runs in parallel",
    "max_flaky": "flaky tests",
    "min_ready": "tests ready by the static audit",
}


class State(str, Enum):
    """What became of a gate; unknown is no pass, nor a failure: nobody could measure it."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One line of the table: `value` is None when it couldn't be measured, `spread` its least and most, if any."""

    key: str
    value: float | None
    limit: float
    state: State
    spread: tuple[float, float] | None = None

    @property
    def what(self) -> str:
        return WHAT[self.key]

    @property
    def value_text(self) -> str:
        if self.value is None:
            return "not measured"
        spread = f" ({' to '.join(_number(self.key, end) for end in self.spread)})" if self.spread else ""
        return f"{_number(self.key, self.value)}{spread}"

    @property
    def limit_text(self) -> str:
        return f"{'at least' if self.key.startswith('min_') else 'at most'} {_number(self.key, self.limit)}"


def _number(key: str, value: float) -> str:
    if key == "min_speedup":
        return f"{value:.2f}×"
    return f"{value:.1f} %" if key == "min_ready" else f"{value:,.0f}"


def limits_of(table: Table) -> Limits:
    """Return the limits that a project sets, the defaults of the others; UsageError names a key nobody knows."""
    names = [field.name for field in fields(Limits)]
    table.allow(*names)
    numbers = {name: table.number(name, most=100 if name == "min_ready" else MOST) for name in names}
    return Limits(**{name: number for name, number in numbers.items() if number is not None})


def gates_of(limits: Limits, comparison: Comparison, speed: Speed | None, ready: float | None) -> tuple[Gate, ...]:
    """Return each gate that has a limit, with what was measured; `ready` is in percent."""
    values = dict(_values(comparison, speed, ready))
    spreads = {"min_speedup": speed.speedup_range} if speed else {}
    found = ((name, getattr(limits, name), values[name]) for name in WHAT)
    return tuple(
        Gate(key=name, value=value, limit=limit, state=_state(name, value, limit), spread=spreads.get(name))
        for name, limit, value in found
        if limit is not None
    )


def _values(comparison: Comparison, speed: Speed | None, ready: float | None) -> Iterator[tuple[str, float | None]]:
    yield "min_speedup", speed.speedup if speed else None
    yield "max_new_failures", len(comparison.of(Kind.PARALLEL))
    yield "max_lost", sum(max(1, difference.n_tests) for difference in comparison.lost)
    yield "max_new_skips", len(comparison.new_skips)
    yield "max_hangs", sum(1 for hang in comparison.hangs if hang.arm == "parallel")
    yield "max_flaky", len(comparison.of(Kind.FLAKY))
    yield "min_ready", ready


def _state(key: str, value: float | None, limit: float) -> State:
    if value is None:
        return State.UNKNOWN
    is_met = value >= limit if key.startswith("min_") else value <= limit
    return State.PASSED if is_met else State.FAILED
