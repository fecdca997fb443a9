"""The modules of a project by the names that imports call them, and the classes that a class is made from."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ci_tools.audit.source import Module

MAX_BASES = 30


class Class(NamedTuple):
    """A class, and the module that it stands in."""

    module: Module
    node: ast.ClassDef


class Project:
    """Finds modules by name; of several with one name that which lies nearest to the importer."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.modules = modules
        self._by_name: dict[str, list[Module]] = defaultdict(list)
        for module in modules.values():
            for name in dict.fromkeys(_names(module)):
                self._by_name[name].append(module)
        self._found: dict[tuple[str, str], tuple[Module, tuple[str, ...]] | None] = {}
        self._bases: dict[ast.ClassDef, tuple[list[Class], list[str]]] = {}
        self.tops = {name.partition(".")[0] for name in self._by_name}

    def find(self, dotted: str, near: Module) -> tuple[Module, tuple[str, ...]] | None:
        """Return the module that a dotted name begins with, and what follows; None if it isn't the project's."""
        if dotted.partition(".")[0] not in self.tops:
            return None
        key = (dotted, near.path)
        if key not in self._found:
            self._found[key] = self._find(dotted.split("."), near)
        return self._found[key]

    def _find(self, parts: list[str], near: Module) -> tuple[Module, tuple[str, ...]] | None:
        for count in range(len(parts), 0, -1):
            candidates = self._by_name.get(".".join(parts[:count]))
            if candidates:
                return max(candidates, key=lambda m: _common(m.path, near.path)), tuple(parts[count:])
        return None

    def definition(self, dotted: str, near: Module, hops: int = 5) -> Iterator[Class]:
        """Yield the class that a dotted name means, through re-exports; nothing if it is none of the project's."""
        found = self.find(dotted, near)
        if found is None or len(found[1]) != 1 or not hops:
            return
        module, (name,) = found
        node = module.definitions.get(name)
        if isinstance(node, ast.ClassDef):
            yield Class(module, node)
        elif name in module.names:
            yield from self.definition(module.names[name], module, hops - 1)

    def line_of(self, cls: Class) -> tuple[list[Class], list[str]]:
        """Return a class with its bases, nearest first, each once, and the names of those outside of the project."""
        known = self._bases.get(cls.node)
        if known is None:
            self._bases[cls.node] = known = ([cls], [])  # a class that is its own base ends here
            for base in cls.node.bases:
                self._add_base(base, cls.module, known)
        return known

    def _add_base(self, base: ast.expr, module: Module, line: tuple[list[Class], list[str]]) -> None:
        name = dotted_name(base.value if isinstance(base, ast.Subscript) else base)
        first, _, rest = name.partition(".")
        local = module.definitions.get(name)
        if isinstance(local, ast.ClassDef):
            found = [Class(module, local)]
        else:
            target = ".".join(filter(None, [module.names.get(first, first), rest]))
            found = list(self.definition(target, module))
            if not found and target:
                line[1].append(target)
        for cls in found:
            classes, outside = self.line_of(cls)
            line[0].extend([c for c in classes if c not in line[0]][: MAX_BASES - len(line[0])])
            line[1].extend(name for name in outside if name not in line[1])


def dotted_name(node: ast.expr) -> str:
    """Return `a.b.c` of a name or attributes of one, "" of anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _names(module: Module) -> Iterator[str]:
    yield module.name
    dotted = module.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    yield dotted
    for base in ("src.", "lib."):
        if dotted.startswith(base):
            yield dotted.removeprefix(base)


def _common(left: str, right: str) -> int:
    """Return how many directories two paths have in common."""
    count = 0
    for one, other in zip(left.split("/")[:-1], right.split("/")[:-1]):
        if one != other:
            break
        count += 1
    return count
