"""A suite as its source shows it: what rules are given."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ci_tools.audit.finding import Axis, Finding, Severity, Span
from ci_tools.audit.flow.follow import Flow
from ci_tools.audit.project import Project
from ci_tools.audit.source import Module, Problem, Sources
from ci_tools.audit.steps import Frame, Step, Unit
from ci_tools.audit.units import Units
from ci_tools.plan.pytest_config import PytestConfig

MAX_STATEMENT = 500


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Suite:
    """All files of a project that were read, the units in its test files and conftests, and what these do.

    `modules` are by path. `steps` has each unit's own steps, in order; those of fixtures it requests are under theirs.
    `problems` are files that couldn't be read, and units that weren't followed to their end.
    """

    modules: Mapping[str, Module]
    units: Sequence[Unit]
    steps: Mapping[Unit, Sequence[Step]]
    problems: tuple[Problem, ...] = ()

    def all_steps(self) -> Iterator[Step]:
        """Iterate over the steps of all units."""
        for unit in self.units:
            yield from self.steps[unit]


def build_suite(sources: Sources, config: PytestConfig) -> Suite:
    """Return the units of the modules that were read, each followed."""
    project = Project(sources.modules)
    made = Units(project, config)
    units = made.all()
    flow = Flow(project, made.modules, made.undoers)
    steps = {unit: flow.steps_of(unit) for unit in units}
    return Suite(modules=sources.modules, units=units, steps=steps, problems=(*sources.problems, *flow.problems))


def finding(step: Step, *, axis: Axis, severity: Severity, fact: str, fix: str) -> Finding:
    """Return a finding at a step; `rule` and `name` are set by the engine."""
    return Finding(
        rule="",
        name="",
        axis=axis,
        severity=severity,
        span=span_of(step.module, step.node),
        symbol=step.symbol,
        statement=statement_of(step.module, step.node),
        fact=fact,
        fix=fix,
        units=(step.unit.nodeid,),
        calls=tuple(map(_call_span, step.frames)),
    )


def finding_at(
    module: Module, node: ast.AST, *, symbol: str, axis: Axis, severity: Severity, fact: str, fix: str
) -> Finding:
    """Return a finding at a piece of source that is no step, say a class of the application; `units` is empty."""
    return Finding(
        rule="",
        name="",
        axis=axis,
        severity=severity,
        span=span_of(module, node),
        symbol=symbol,
        statement=statement_of(module, node),
        fact=fact,
        fix=fix,
    )


def span_of(module: Module, node: ast.AST) -> Span:
    """Return where a node stands; columns are characters, where ast counts bytes."""
    line, end_line = getattr(node, "lineno", 1), getattr(node, "end_lineno", None) or 1
    return Span(
        path=module.path,
        line=line,
        column=_column(module, line, getattr(node, "col_offset", 0)),
        end_line=end_line,
        end_column=_column(module, end_line, getattr(node, "end_col_offset", None) or 0),
    )


def _column(module: Module, line: int, offset: int) -> int:
    text = module.lines[line - 1] if line <= len(module.lines) else ""
    return (offset if text.isascii() else len(text.encode()[:offset].decode(errors="replace"))) + 1


def statement_of(module: Module, node: ast.AST) -> str:
    """Return the source of a node, white space normalised; of long ones the beginning."""
    line, end_line = getattr(node, "lineno", 1), getattr(node, "end_lineno", None) or 1
    return " ".join(" ".join(module.lines[line - 1 : end_line]).split())[:MAX_STATEMENT]


def _call_span(frame: Frame) -> Span:
    return span_of(frame.module, frame.call)
