"""What pytest calls by itself in a project: tests, fixtures, set-up functions, hooks, and what runs on import."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import NamedTuple

from ci_tools.audit.fixtures import SCOPES, FixtureDef, Fixtures, Layer
from ci_tools.audit.flow.follow import module_unit
from ci_tools.audit.flow.patches import n_mocks
from ci_tools.audit.marks import Marks, marks_of
from ci_tools.audit.project import Class, Project
from ci_tools.audit.source import Module
from ci_tools.audit.steps import Unit, UnitKind
from ci_tools.plan.pytest_config import PytestConfig

FunctionDef = ast.FunctionDef | ast.AsyncFunctionDef

_XUNIT_MODULE = {"setup_module": "module", "teardown_module": "module", "setUpModule": "module"} | {
    "tearDownModule": "module",
    "setup_function": "function",
    "teardown_function": "function",
}
_XUNIT_CLASS = {"setup_class": "class", "teardown_class": "class", "setup_method": "function"} | {
    "teardown_method": "function"
}
_XUNIT_UNITTEST = {"setUpClass": "class", "tearDownClass": "class", "setUp": "function", "tearDown": "function"} | {
    "asyncSetUp": "function",
    "asyncTearDown": "function",
}


class Place(NamedTuple):
    """Where a test or fixture stands: its file, and its classes, innermost first; `marks` are theirs."""

    file: Module
    owners: tuple[Class, ...] = ()
    marks: Marks = Marks()
    setups: tuple[Unit, ...] = ()

    @property
    def owner(self) -> Class | None:
        return self.owners[0] if self.owners else None


class Units:
    """Makes the units of a project, each fixture once."""

    def __init__(self, project: Project, config: PytestConfig) -> None:
        self.project = project
        self.config = config
        self.fixtures = Fixtures(project)
        self.modules = {m.path: module_unit(m) for m in project.modules.values() if m.is_test_file}
        self._fixture_units: dict[ast.AST, Unit] = {}
        self._hooks: dict[ast.AST, Unit] = {}
        self.undoers: dict[Unit, list[Unit]] = {}

    def all(self) -> list[Unit]:
        """Return all units, a file's own after another: its import, its hooks and fixtures, its tests."""
        units: dict[Unit, None] = {}
        for module in self.project.modules.values():
            if module.is_test_file:
                units.setdefault(self.modules[module.path])
                for unit in self._of_module(module):
                    units.update(dict.fromkeys(unit.fixtures))
                    units.setdefault(unit)
        return list(units)

    def _of_module(self, module: Module) -> Iterator[Unit]:
        place = Place(module, (), marks_of(module.tree), tuple(self._setups(module, None, _XUNIT_MODULE)))
        yield from place.setups
        for layer in self.fixtures.visible(module, ()):
            yield from (self._fixture_unit(f) for f in layer.values() if f.module is module)
        for node in module.definitions.values():
            if isinstance(node, ast.ClassDef):
                yield from self._of_class(Class(module, node), place, node.name)
            elif module.is_conftest:
                if node.name.startswith("pytest_"):
                    yield self._hook(module, node, None, "session")
            elif _fits(node.name, self.config.python_functions) and node not in self._fixture_units:
                yield self._test(place, Method(module, node, None), node.name)

    def _of_class(self, cls: Class, outer: Place, name: str) -> Iterator[Unit]:
        classes, outside = self.project.line_of(cls)
        is_unittest = any(base.endswith("TestCase") for base in outside)
        if not self._is_collected(classes, name.rpartition(".")[2], is_unittest):
            return
        own = self._setups(outer.file, cls, _XUNIT_UNITTEST if is_unittest else _XUNIT_CLASS)
        marks = marks_of(*(base.node for base in classes))
        place = Place(outer.file, (cls, *outer.owners), outer.marks + marks, (*outer.setups, *own))
        yield from own
        for layer in self.fixtures.visible(place.file, (cls,)):
            yield from (self._fixture_unit(f) for f in layer.values() if f.owner is not None)
        for method in self._methods(classes):
            if _fits(method.node.name, ("test",) if is_unittest else self.config.python_functions):
                yield self._test(place, method, f"{name}.{method.node.name}")
        for node in cls.node.body:
            if isinstance(node, ast.ClassDef):
                yield from self._of_class(Class(cls.module, node), place, f"{name}.{node.name}")

    def _is_collected(self, classes: Sequence[Class], name: str, is_unittest: bool) -> bool:
        if not is_unittest and not _fits(name, self.config.python_classes):
            return False
        bodies = [node for cls in classes for node in cls.node.body]
        if not is_unittest and any(getattr(node, "name", "") in ("__init__", "__new__") for node in bodies):
            return False
        return not any(_is_switched_off(node) for node in classes[0].node.body)

    def _methods(self, classes: Sequence[Class]) -> list[Method]:
        """Return a class's methods, inherited ones too."""
        methods: dict[str, Method] = {}
        for cls in classes:
            for node in cls.node.body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    methods.setdefault(node.name, Method(cls.module, node, cls))
        return list(methods.values())

    def _setups(self, module: Module, cls: Class | None, scopes: dict[str, str]) -> list[Unit]:
        """Return the set-up and tear-down functions of a module or class, those of wide scope first."""
        if cls is None:
            found = [Method(module, n, None) for n in module.definitions.values() if not isinstance(n, ast.ClassDef)]
        else:
            found = self._methods(self.project.line_of(cls)[0])
        found = sorted((m for m in found if m.node.name in scopes), key=lambda m: list(scopes).index(m.node.name))
        units: list[Unit] = []
        for method in found:
            units.append(self._hook(method.module, method.node, method.owner, scopes[method.node.name], tuple(units)))
        ends = [u for u in units if u.name.rpartition(".")[2].lower().startswith(("teardown", "asyncteardown"))]
        self.undoers |= dict.fromkeys(units, ends)
        return units

    def _hook(
        self, module: Module, node: FunctionDef, owner: Class | None, scope: str, before: tuple[Unit, ...] = ()
    ) -> Unit:
        if node not in self._hooks:
            name = f"{owner.node.name}.{node.name}" if owner else node.name
            self._hooks[node] = Unit(
                kind=UnitKind.HOOK,
                module=module,
                name=name,
                nodeid=f"{module.path}::{name}",
                node=node,
                scope=scope,
                is_autouse=True,
                fixtures=before,
                owner=owner.node if owner else None,
            )
        return self._hooks[node]

    def _test(self, place: Place, method: Method, name: str) -> Unit:
        node, owner = method.node, place.owner
        marks = place.marks + marks_of(node)
        parameters = [n for n in _parameters(node, is_method=owner is not None) if n not in marks.given]
        closure = self._closure(place, [*marks.used, *parameters])
        fixtures = sorted((*place.setups, *closure.units), key=lambda unit: SCOPES.index(unit.scope))
        return Unit(
            kind=UnitKind.TEST,
            module=method.module,
            name=name,
            nodeid=f"{place.file.path}::{name.replace('.', '::')}",
            node=node,
            fixtures=tuple(dict.fromkeys(fixtures)),
            requests=closure.names,
            given={n: closure.given[n] for n in parameters if n in closure.given},
            owner=owner.node if owner else None,
            marks=frozenset(marks.names),
        )

    def _fixture_unit(self, fixture: FixtureDef) -> Unit:
        if fixture.node not in self._fixture_units:
            owners = (fixture.owner,) if fixture.owner else ()
            names = _parameters(fixture.node, is_method=bool(owners))
            self._fixture_units[fixture.node] = _unit_of(fixture)  # for those that request it in a circle
            closure = self._closure(Place(fixture.module, owners), names, fixture)
            ordered = sorted(closure.units, key=lambda unit: SCOPES.index(unit.scope))
            given = {name: closure.given[name] for name in names if name in closure.given}
            unit = replace(
                _unit_of(fixture), fixtures=tuple(dict.fromkeys(ordered)), requests=closure.names, given=given
            )
            self._fixture_units[fixture.node] = unit
        return self._fixture_units[fixture.node]

    def _closure(self, place: Place, names: Sequence[str], asker: FixtureDef | None = None) -> Closure:
        """Return all that is requested, directly or not. What a fixture asks for by its own name is the next outer one;
        a test gets all autouse fixtures that it sees, too."""
        layers = self.fixtures.visible(place.file, place.owners)
        autouse = self.fixtures.autouse(place.file, place.owners) if asker is None else ()
        todo = [(name, asker) for name in (*autouse, *names)]
        found: dict[FixtureDef, None] = {}
        given: dict[str, Unit] = {}
        for name, by in todo:  # grows on the way
            fixture = _nearest(layers, name, by)
            if fixture is None or fixture is asker:
                continue
            given.setdefault(name, self._fixture_unit(fixture))
            if fixture not in found:
                found[fixture] = None
                todo += [(n, fixture) for n in _parameters(fixture.node, is_method=fixture.owner is not None)]
        units = tuple(self._fixture_unit(fixture) for fixture in found)
        return Closure(tuple(dict.fromkeys(name for name, _ in todo)), units, given)


class Closure(NamedTuple):
    """The names that are requested, the fixtures of the project behind them, and by name."""

    names: tuple[str, ...]
    units: tuple[Unit, ...]
    given: dict[str, Unit]


def _unit_of(fixture: FixtureDef) -> Unit:
    name = f"{fixture.owner.node.name}.{fixture.node.name}" if fixture.owner else fixture.node.name
    return Unit(
        kind=UnitKind.FIXTURE,
        module=fixture.module,
        name=name,
        nodeid=f"{fixture.module.path}::{name}",
        node=fixture.node,
        scope=fixture.scope,
        is_autouse=fixture.is_autouse,
        owner=fixture.owner.node if fixture.owner else None,
    )


class Method(NamedTuple):
    """A method, and the class and file that it is defined in."""

    module: Module
    node: FunctionDef
    owner: Class | None


def _nearest(layers: Sequence[Layer], name: str, asker: FixtureDef | None) -> FixtureDef | None:
    candidates = [layer[name] for layer in layers if name in layer]
    if asker is not None and asker.name == name and asker in candidates:
        candidates = candidates[candidates.index(asker) + 1 :]
    return candidates[0] if candidates else None


def _parameters(node: FunctionDef, *, is_method: bool) -> list[str]:
    """Return the names of fixtures among a function's parameters: those without a default that no mock fills."""
    given = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
    given = given[: len(given) - len(node.args.defaults)] if node.args.defaults else given
    is_static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
    given = given[int(is_method and not is_static) + n_mocks(node) :]
    return [*given, *(a.arg for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults) if d is None)]


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(name.startswith(p) or (any(c in p for c in "*?[") and fnmatchcase(name, p)) for p in patterns)


def _is_switched_off(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant):
        return False
    return node.value.value is False and any(isinstance(t, ast.Name) and t.id == "__test__" for t in node.targets)
