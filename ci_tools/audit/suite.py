"""A suite as its source shows it: what rules are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.source import Module
from ci_tools.audit.steps import Step, Unit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Suite:
    """All files of a project that were read, the units in its test files and conftests, and what these do.

    `modules` are by path. `steps` has each unit's own steps, in order; those of fixtures it requests are under theirs.
    """

    modules: Mapping[str, Module]
    units: Sequence[Unit]
    steps: Mapping[Unit, Sequence[Step]]

    def all_steps(self) -> Iterator[Step]:
        """Iterate over the steps of all units."""
        for unit in self.units:
            yield from self.steps[unit]


def finding(step: Step, *, axis: Axis, severity: Severity, fact: str, fix: str) -> Finding:
    """Return a finding at a step; `rule` and `name` are set by the engine."""
    raise NotImplementedError
