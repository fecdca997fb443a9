"""A file that is to be changed: its tree, where its nodes stand, what its names mean."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

from ci_tools.audit.finding import Span

MAX_DEPTH = 200
Edit = Callable[[cst.CSTNode], "cst.CSTNode | cst.RemovalSentinel | cst.FlattenSentinel[cst.BaseStatement]"]
Function = cst.FunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """`from module import name`, or `import module` without a name."""

    module: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a fixer wants done: `edits` by the node that each replaces, imports needed and, if unused then, removed."""

    edits: Mapping[cst.CSTNode, Edit]
    needs: tuple[Import, ...] = ()
    drops: tuple[Import, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A parsed file. `calls` are its calls by where they begin and end: line, column, both from 1."""

    module: cst.Module
    parents: Mapping[cst.CSTNode, cst.CSTNode]
    calls: Mapping[tuple[int, int, int, int], cst.Call]
    imports: Mapping[str, str]

    @property
    def froms(self) -> list[cst.ImportFrom]:
        """Return the `from module import names` at module level, none with `*`; those without an alias first."""
        lines = [line for line in self.module.body if isinstance(line, cst.SimpleStatementLine)]
        found = [small for line in lines for small in line.body if isinstance(small, cst.ImportFrom)]
        named = [i for i in found if not isinstance(i.names, cst.ImportStar) and not i.relative]
        return sorted(named, key=lambda i: any(isinstance(node, cst.AsName) for node in nodes_in(i)))

    def call_at(self, span: Span) -> cst.Call | None:
        """Return the call that stands exactly there."""
        return self.calls.get((span.line, span.column, span.end_line, span.end_column))

    def above(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Iterate over a node's parents, innermost first."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def function_of(self, node: cst.CSTNode) -> Function | None:
        """Return the innermost function around a node."""
        return next((parent for parent in self.above(node) if isinstance(parent, Function)), None)

    def code(self, node: cst.CSTNode) -> str:
        """Return a node's source."""
        return self.module.code_for_node(node).strip()

    def meaning(self, node: cst.CSTNode) -> str:
        """Return the dotted name that a name or an attribute stands for, imports at module level resolved."""
        name = dotted(node)
        head, dot, rest = name.partition(".")
        return f"{self.imports.get(head, head)}{dot}{rest}"


def is_parsed_safely(text: str) -> bool:
    """Return whether a file is Python that isn't nested too deeply: of such libcst's parser overflows the stack, which
    ends the process (libcst 1.9, 5,000 parentheses)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of wrong escapes
            level: list[ast.AST] = [ast.parse(text)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return not level


def parse(text: str) -> Source:
    """Return a file taken apart. Raises libcst.ParserSyntaxError for what is no Python."""
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)
    calls = {
        (place.start.line, place.start.column + 1, place.end.line, place.end.column + 1): node
        for node, place in positions.items()
        if isinstance(node, cst.Call)
    }
    parents = wrapper.resolve(ParentNodeProvider)
    return Source(module=wrapper.module, parents=parents, calls=calls, imports=dict(_imports(wrapper.module)))


def _imports(module: cst.Module) -> Iterator[tuple[str, str]]:
    lines = [line for line in module.body if isinstance(line, cst.SimpleStatementLine)]
    for statement in (small for line in lines for small in line.body):
        if isinstance(statement, cst.Import):
            for alias in statement.names:
                name = dotted(alias.name)
                yield (
                    alias.evaluated_alias or name.partition(".")[0],
                    name if alias.asname else name.partition(".")[0],
                )
        elif isinstance(statement, cst.ImportFrom) and not isinstance(statement.names, cst.ImportStar):
            base = dotted(statement.module) if statement.module is not None and not statement.relative else ""
            for alias in statement.names:
                yield alias.evaluated_alias or alias.evaluated_name, f"{base}.{alias.evaluated_name}"


def dotted(node: cst.CSTNode) -> str:
    """Return `a.b.c` of a name or an attribute, "" of anything else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr.value}" if base else ""
    return ""


def appended(names: Sequence[cst.ImportAlias], name: str) -> list[cst.ImportAlias]:
    """Return the names of an import with one more, set apart as the others are."""
    *before, last = names
    comma = before[0].comma if before else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    return [*before, last.with_changes(comma=comma), cst.ImportAlias(name=cst.Name(name), comma=last.comma)]


def nodes_in(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Iterate over a node and all that is in it."""
    yield node
    for child in node.children:
        yield from nodes_in(child)


def names_in(node: cst.CSTNode, name: str) -> list[cst.Name]:
    """Return where a name is written within a node; not as an attribute, a keyword or a parameter."""
    return [
        found
        for outer in nodes_in(node)
        for found in outer.children
        if isinstance(found, cst.Name) and found.value == name and not _is_label(outer, found)
    ]


def _is_label(outer: cst.CSTNode, name: cst.Name) -> bool:
    if isinstance(outer, cst.Attribute):
        return outer.attr is name
    if isinstance(outer, cst.Arg):
        return outer.keyword is name
    return isinstance(outer, cst.Param) and outer.name is name
