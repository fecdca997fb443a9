"""What following a function came to, kept: called again with the same values it is not followed again.

Tests call the same helpers and set up the same objects over and over: two thirds of all statements are met again.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import NamedTuple

from ci_tools.audit.flow.expressions import Expressions
from ci_tools.audit.flow.state import Function, Patch
from ci_tools.audit.steps import UNKNOWN, Frame, Kind, Step, Unit, Value

MAX_NESTING = 3  # of objects in objects, as far as each caller gets its own


class Effect(NamedTuple):
    """What a call does: its steps, which of them undo something, what it leaves, and to which arguments."""

    value: Value
    steps: tuple[Step, ...]
    undoing: tuple[int, ...]
    kept: frozenset[str]
    patched: tuple[Patch, ...]
    cwd: Value
    at_yield: tuple[Value, tuple[Patch, ...]] | None
    attributes: Mapping[str, Mapping[str, Value]]
    n_frames: int
    n_within: int


class Memo(Expressions):
    """Runs a function's body, or does once more what that did."""

    unit: Unit
    steps: list[Step]
    undoing: set[int]
    kept: set[str]
    frames: tuple[Frame, ...] = ()
    within: tuple[Value, ...] = ()
    level: int = 0
    cwd: Value = UNKNOWN
    is_teardown: bool = False
    n_undoing: int = 0
    n_cuts: int = 0  # calls that weren't followed since the function is running already
    at_yield: tuple[Value, tuple[Patch, ...]] | None = None  # the directory, and what is patched, while others run

    def run_function(self, code: Function) -> Value:
        raise NotImplementedError

    def note(self, step: Step) -> None:
        raise NotImplementedError

    def run_once(self, code: Function) -> Value:
        """Follow a function whose scope is set up, unless that was done with the same values."""
        if self.scope.outer is None or self.scope.outer.outer is not None:
            return self.run_function(code)  # one within another sees the names of that
        key = self._key(code)
        effect = self.world.effects.get(key)
        if isinstance(effect, Effect):
            return self._repeat(effect)
        n_cuts = self.n_cuts
        value, effect = self._recorded(code)
        held = [value, *(value for values in effect.attributes.values() for value in values.values())]
        if self.n_cuts == n_cuts and not any(map(_is_inner, held)):
            self.world.effects[key] = effect
        return value

    def _key(self, code: Function) -> Hashable:
        names = tuple([(name, _same(value, 0)) for name, value in self.scope.names.items()])
        flags = (self.level, self.n_loops > 0, self.is_teardown, self.n_undoing > 0)
        return code, names, flags, self.cwd, self.patched

    def _recorded(self, code: Function) -> tuple[Value, Effect]:
        objects = {name: value for name, value in self.scope.names.items() if value.kind is Kind.INSTANCE}
        n_steps, patched = len(self.steps), self.patched
        kept, self.kept = self.kept, set()
        at_yield, self.at_yield = self.at_yield, None
        value = self.run_function(code)
        effect = Effect(
            value=_fresh(value),
            steps=tuple(self.steps[n_steps:]),
            undoing=tuple(index - n_steps for index in self.undoing if index >= n_steps),
            kept=frozenset(self.kept),
            patched=self.patched[len(patched) :],
            cwd=self.cwd,
            at_yield=self.at_yield,
            attributes={name: _attributes_of(value) for name, value in objects.items()},
            n_frames=len(self.frames),
            n_within=len(self.within),
        )
        self.kept |= kept
        self.at_yield = self.at_yield or at_yield
        return value, effect

    def _repeat(self, effect: Effect) -> Value:
        self.undoing.update(len(self.steps) + index for index in effect.undoing)
        for step in effect.steps:
            frames = (*self.frames, *step.frames[effect.n_frames :])
            within = (*self.within, *step.within[effect.n_within :])
            self.note(replace(step, unit=self.unit, frames=frames, within=within))
        self.kept |= effect.kept
        self.patched += effect.patched
        self.cwd = effect.cwd
        self.at_yield = effect.at_yield or self.at_yield
        for name, attributes in effect.attributes.items():
            self.scope.names[name].attributes.update({key: _fresh(held) for key, held in attributes.items()})
        return _fresh(effect.value)


def _same(value: Value, depth: int) -> Hashable:
    """Return what two values have in common that can't be told apart; of others something of its own."""
    if value.kind is Kind.INSTANCE:
        if depth:
            return object()  # others may hold it, too, and see what is done to it
        return value, frozenset([(name, _same(held, depth + 1)) for name, held in value.attributes.items()])
    if _is_inner(value):
        return object()
    if value.kind in (Kind.ITEMS, Kind.FUNCTION) and (value.items or value.args):
        return value, tuple([_same(held, depth + 1) for held in (*value.items, *value.args)])
    return value, type(value.data)  # True is 1, but nobody says so


def _is_inner(value: Value) -> bool:
    """Return whether it is a function within another, whose names are those of one call."""
    return value.kind is Kind.FUNCTION and not value.home


def _attributes_of(value: Value) -> dict[str, Value]:
    return {name: _fresh(held) for name, held in value.attributes.items()}


def _fresh(value: Value, depth: int = 0) -> Value:
    """Return an object of its own, which can be changed apart from others."""
    if value.kind is not Kind.INSTANCE or value.home or depth >= MAX_NESTING:
        return value
    attributes = {name: _fresh(held, depth + 1) for name, held in value.attributes.items()}
    return Value(Kind.INSTANCE, value.data, args=value.args, node=value.node, attributes=attributes)
