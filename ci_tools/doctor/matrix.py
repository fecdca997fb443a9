"""A job's matrix: its axes, and its legs as far as the file tells them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ci_tools.doctor.nodes import MISSING, Node

MAX_PRODUCT = 1000  # legs before `exclude`; GitHub runs 256

Leg = Mapping[str, Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """`axes` are the keys that legs have, `legs` is None where an expression makes them at run time."""

    axes: tuple[str, ...] = ()
    legs: tuple[Leg, ...] | None = None
    is_dynamic: bool = False

    def __bool__(self) -> bool:
        return self.is_dynamic or bool(self.axes)

    @property
    def may_have_legs(self) -> bool:
        """Whether there may be more than one leg."""
        return bool(self) and (self.legs is None or len(self.legs) > 1)

    def may_differ(self, axis: str) -> bool:
        """Whether the axis may have more than one value."""
        values = {leg[axis].text or str(id(leg[axis])) for leg in self.legs or () if axis in leg}
        return self.legs is None or len(values) > 1


NO_MATRIX = Matrix()


def matrix_of(node: Node) -> Matrix:
    """Read `strategy.matrix`; NO_MATRIX where there is none."""
    if node.is_scalar:
        return Matrix(is_dynamic="${{" in node.text)
    include, exclude = node.get("include"), node.get("exclude")
    axes = [(name, value) for name, value in node.items() if name not in ("include", "exclude")]
    names = dict.fromkeys(name for name, _ in axes)
    for entry in include.elements:
        names |= dict.fromkeys(name for name, _ in entry.items())
    is_literal = not any(value.is_scalar for _, value in [*axes, ("", include), ("", exclude)])
    is_literal &= not any(e.is_scalar and "${{" in e.text for e in [*include.elements, *exclude.elements])
    legs = _legs(axes, include.elements, exclude.elements) if is_literal else None
    return Matrix(axes=tuple(names), legs=legs, is_dynamic=not is_literal)


def _legs(axes: Sequence[tuple[str, Node]], include: Sequence[Node], exclude: Sequence[Node]) -> tuple[Leg, ...] | None:
    """Return GitHub's expansion: the product, less `exclude`, then each `include` added to legs or as a new one."""
    names = [name for name, _ in axes]
    if max(math.prod(len(value.elements) for _, value in axes), len(include), len(exclude)) > MAX_PRODUCT:
        return None
    products = itertools.product(*(value.elements for _, value in axes)) if axes else ()
    legs = [dict(zip(names, values)) for values in products]
    legs = [leg for leg in legs if not any(_matches(leg, entry) for entry in exclude)]
    originals = [dict(leg) for leg in legs]
    for entry in include:
        values_of = dict(entry.items())
        own = {name: value for name, value in values_of.items() if name in names}
        hit = [leg for leg, original in zip(legs, originals) if all(_same(original[n], v) for n, v in own.items())]
        if hit and originals:
            for leg in hit:
                leg.update(values_of)
        else:
            legs.append(values_of)
    return tuple(legs)


def _matches(leg: Mapping[str, Node], entry: Node) -> bool:
    return bool(entry.entries) and all(_same(leg.get(name, MISSING), value) for name, value in entry.items())


def _same(one: Node, other: Node) -> bool:
    return one is other or (one.is_scalar and other.is_scalar and one.text == other.text)
