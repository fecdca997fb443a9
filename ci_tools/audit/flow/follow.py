"""Follows all units of a project, each once, its fixtures before it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ci_tools.audit.flow import given, patches, texts
from ci_tools.audit.flow.calls import TooManyStepsError
from ci_tools.audit.flow.restored import touched, with_restored
from ci_tools.audit.flow.state import Outcome, Patch, Scope, Start
from ci_tools.audit.flow.statements import Statements
from ci_tools.audit.flow.world import World
from ci_tools.audit.project import Project
from ci_tools.audit.source import Module, Problem
from ci_tools.audit.steps import UNKNOWN, Kind, Step, Unit, UnitKind, Value


class Flow:
    """The outcome of each unit; `problems` are those that couldn't be followed to their end."""

    def __init__(self, project: Project, modules: Mapping[str, Unit], undoers: Mapping[Unit, Sequence[Unit]]) -> None:
        """`modules` are the units of files by path; `undoers` the tear-down functions of each set-up function."""
        self.problems: list[Problem] = []
        self._modules = modules
        self._undoers = undoers
        self._world = World(project, self._follow_module)
        self._outcomes: dict[Unit, Outcome] = {}

    def steps_of(self, unit: Unit) -> Sequence[Step]:
        """Return a unit's own steps, in order."""
        outcome = self._outcome(unit)
        undone = outcome.undone.union(
            *(self._outcome(u).undone for u in (*unit.fixtures, *self._undoers.get(unit, ())))
        )
        return with_restored(outcome.steps, undone, outcome.undoing)

    def _outcome(self, unit: Unit) -> Outcome:
        known = self._outcomes.get(unit)
        if known is None:
            self._outcomes[unit] = Outcome()  # a fixture that requests itself
            known = self._outcomes[unit] = self._follow(unit)
        return known

    def _follow(self, unit: Unit) -> Outcome:
        if unit.kind is UnitKind.MODULE:
            self._world.scope_of(unit.module)
            return self._world.outcomes[unit.module.path]
        self._world.scope_of(unit.module)
        start = self._start(unit)
        walk = Walk(self._world, start)
        return self._finished(walk, unit, walk.run_unit)

    def _follow_module(self, module: Module, scope: Scope) -> Outcome:
        unit = self._modules.get(module.path) or module_unit(module)
        walk = Walk(self._world, Start(unit=unit))
        walk.scope = scope
        return self._finished(walk, unit, lambda: walk.run_module(module.tree))

    def _finished(self, walk: Walk, unit: Unit, run) -> Outcome:  # type: ignore[no-untyped-def]
        value = UNKNOWN
        try:
            value = run()
        except TooManyStepsError:
            self._problem(unit, "does more than is followed: its first steps alone were looked at")
        except RecursionError:
            self._problem(unit, "nested too deeply to be followed to its end")
        except Exception as error:  # one test that we fail at must not hide what is wrong with the others
            self._problem(unit, f"not followed to its end, a bug of ci-tools: {type(error).__name__}: {error}")
        return walk.outcome(value)

    def _problem(self, unit: Unit, fact: str) -> None:
        line = getattr(unit.node, "lineno", 1)
        fact = f"{unit.name or 'module'} {fact}"
        self.problems.append(Problem(path=unit.module.path, line=line, fact=fact, unit=unit.nodeid))

    def _start(self, unit: Unit) -> Start:
        outcomes = [self._outcome(fixture) for fixture in unit.fixtures]
        cwd = next((o.cwd for o in reversed(outcomes) if o.cwd.kind is Kind.PRIVATE), UNKNOWN)
        if given.PRIVATE_CWD & set(unit.requests):
            cwd = texts.private("pytester")
        patched = tuple(patch for outcome in outcomes for patch in outcome.patches)
        is_fake = "fs" in unit.requests and "fs" not in unit.given
        return Start(
            unit=unit,
            arguments={name: self._outcome(fixture).value for name, fixture in unit.given.items()},
            instance=self._instance(unit, outcomes),
            cwd=cwd,
            patches=(*patched, *patches.FAKE_FILES) if is_fake else patched,
        )

    def _instance(self, unit: Unit, outcomes: Sequence[Outcome]) -> Value | None:
        """Return `self` of a method: with what the set-up methods of its class have set."""
        if unit.owner is None:
            return None
        instance = self._world.instance(unit.owner)
        for outcome in outcomes:
            instance.attributes.update(outcome.names)
        return instance


def module_unit(module: Module) -> Unit:
    """Return what runs when a file is imported."""
    return Unit(kind=UnitKind.MODULE, module=module, name="", nodeid=module.path, node=module.tree)


class Walk(Statements):
    """One unit that is followed."""

    def __init__(self, world: World, start: Start) -> None:
        self.world = world
        self.start = start
        self.unit = start.unit
        self.scope = Scope(start.unit.module)
        self.steps: list[Step] = []
        self.undoing: set[int] = set()
        self.kept: set[str] = set()
        self.returned: list[Value] = []
        self.yields: list[Value] = []
        self.cwd = start.cwd
        self.patched: tuple[Patch, ...] = start.patches

    def run_module(self, tree: ast.Module) -> Value:
        self.block(tree.body)
        return UNKNOWN

    def run_unit(self) -> Value:
        node = self.unit.node
        assert not isinstance(node, ast.Module)
        made = self.world.functions.get(node)
        module_scope = self.world.scope_of(self.unit.module)
        symbol = made.symbol if made is not None else self.unit.name
        self.scope = Scope(self.unit.module, outer=module_scope, symbol=symbol, owner=self.unit.owner)
        self._bind_parameters(node)
        self._patch(node)
        self.active = (node,)
        is_teardown = self.unit.kind is UnitKind.HOOK and node.name.lower().startswith("teardown")
        self.is_teardown, self.n_undoing = is_teardown, int(is_teardown)
        returned, yielded = self.run_body(node.body)
        return (yielded or returned or [UNKNOWN])[0]

    def _bind_parameters(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        for name in names:
            fixture = given.FIXTURES.get(name, UNKNOWN)
            self.scope.names[name] = self.start.arguments.get(name, fixture)
        instance = self.start.instance
        if instance is not None and names:
            is_class = node.name in ("setUpClass", "tearDownClass", "setup_class", "teardown_class")
            self.scope.names[names[0]] = self.class_of(instance) if is_class else instance

    def _patch(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for owner in (self.unit.owner, node):
            for call in patches.decorated(owner) if owner is not None else ():
                self.within += (self.value(call),)

    def outcome(self, value: Value) -> Outcome:
        instance = self.start.instance
        return Outcome(
            steps=self.steps,
            undoing=frozenset(self.undoing),
            value=replace(value, home="") if value.home and self.unit.kind is UnitKind.FIXTURE else value,
            cwd=self.at_yield[0] if self.at_yield else self.cwd,
            patches=self.at_yield[1] if self.at_yield else self.patched,
            undone=frozenset(_undone(self)),
            names=dict(instance.attributes) if instance is not None else {},
        )


def _undone(walk: Walk) -> set[str]:
    """Return the states that a unit touches once more at its end, or that a patch keeps."""
    keys = {key for index in walk.undoing if (key := touched(walk.steps[index]))}
    return keys | {key for key in walk.kept if key}
