"""Which function of a project is behind a fixture's name, as pytest looks it up: the nearest wins."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ci_tools.audit.project import Class, Project, dotted_name
from ci_tools.audit.source import Module

SCOPES = ("session", "package", "module", "class", "function")
_DECORATORS = ("fixture", "yield_fixture", "async_fixture")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FixtureDef:
    """A fixture function; `owner` is the class that it is a method of."""

    name: str
    module: Module
    node: ast.FunctionDef | ast.AsyncFunctionDef
    scope: str = "function"
    is_autouse: bool = False
    owner: Class | None = None


Layer = Mapping[str, FixtureDef]


class Fixtures:
    """The fixtures of a project by where they are seen from."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._layers: dict[str, Layer] = {}
        self._class_layers: dict[ast.ClassDef, Layer] = {}
        self._visible: dict[tuple[str, tuple[Class, ...]], Sequence[Layer]] = {}
        self._autouse: dict[tuple[str, tuple[Class, ...]], Sequence[str]] = {}
        self._conftests = {m.path.rpartition("/")[0]: m for m in project.modules.values() if m.is_conftest}
        self._plugins = [m for module in list(project.modules.values()) for m in self._plugins_of(module)]

    def visible(self, module: Module, owners: tuple[Class, ...]) -> Sequence[Layer]:
        """Return what a test in a module, in these classes of it (innermost first), can request: the nearest first."""
        key = (module.path, owners)
        if key not in self._visible:
            places = [module, *self._conftests_above(module), *self._plugins]
            classes = [cls for owner in owners for cls in self._project.line_of(owner)[0]]
            layers = [*map(self._class_layer, classes), *map(self._layer, dict.fromkeys(places))]
            self._visible[key] = [layer for layer in layers if layer]
        return self._visible[key]

    def autouse(self, module: Module, owners: tuple[Class, ...]) -> Sequence[str]:
        """Return the names of those that each test there gets, the outermost first."""
        key = (module.path, owners)
        if key not in self._autouse:
            layers = reversed(self.visible(module, owners))
            self._autouse[key] = [f.name for layer in layers for f in layer.values() if f.is_autouse]
        return self._autouse[key]

    def _conftests_above(self, module: Module) -> Iterator[Module]:
        directory = module.path.rpartition("/")[0]
        while True:
            if directory in self._conftests:
                yield self._conftests[directory]
            if not directory:
                return
            directory = directory.rpartition("/")[0]

    def _plugins_of(self, module: Module) -> Iterator[Module]:
        """Iterate over the modules of the project that a `pytest_plugins` names."""
        if "pytest_plugins" not in module.text:
            return
        for node in module.tree.body:
            if isinstance(node, ast.Assign) and any(dotted_name(t) == "pytest_plugins" for t in node.targets):
                for name in _texts(node.value):
                    found = self._project.find(name, module)
                    if found is not None and not found[1]:
                        yield found[0]

    def _layer(self, module: Module) -> Layer:
        if module.path not in self._layers:
            self._layers[module.path] = {}  # modules that take everything from each other
            self._layers[module.path] = dict(self._found_in(module))
        return self._layers[module.path]

    def _found_in(self, module: Module) -> Iterator[tuple[str, FixtureDef]]:
        for target in module.stars:
            found = self._project.find(target, module)
            if found is not None and not found[1]:
                yield from self._layer(found[0]).items()
        for name, target in module.names.items():
            found = self._project.find(target, module)
            if found is not None and len(found[1]) == 1:
                layer = self._layer(found[0])
                yield from ((f.name, f) for f in layer.values() if f.node.name == found[1][0] or f.name == name)
        for node in module.definitions.values():
            yield from _fixture_of(node, module, None)

    def _class_layer(self, cls: Class) -> Layer:
        if cls.node not in self._class_layers:
            found = [pair for node in cls.node.body for pair in _fixture_of(node, cls.module, cls)]
            self._class_layers[cls.node] = dict(found)
        return self._class_layers[cls.node]


def _fixture_of(node: ast.AST, module: Module, owner: Class | None) -> Iterator[tuple[str, FixtureDef]]:
    """Yield the fixture that a definition is, by its name."""
    for decorator in getattr(node, "decorator_list", []) if not isinstance(node, ast.ClassDef) else []:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = dotted_name(function)
        first, _, rest = name.partition(".")
        target = ".".join(filter(None, [module.names.get(first, first), rest]))
        if target.rpartition(".")[2] in _DECORATORS:
            keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
            given = {k.arg: k.value.value for k in keywords if isinstance(k.value, ast.Constant)}
            assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            called = str(given.get("name") or node.name)
            scope = given.get("scope")
            yield (
                called,
                FixtureDef(
                    name=called,
                    module=module,
                    node=node,
                    scope=scope if scope in SCOPES else "function",
                    is_autouse=given.get("autouse") is True,
                    owner=owner,
                ),
            )
            return


def _texts(node: ast.expr) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value
