"""YAML text → a tree of nodes that know their line.

Read as GitHub reads it: every scalar is text (`on` is no boolean), a key is there once, no merge keys. Built from
the parser's events, without recursion and without a copy per alias: deep nesting and alias bombs stay small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

MAX_DEPTH = 50
MAX_NODES = 100_000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(Exception):
    """The text can't be read: what is wrong, in which line."""

    def __init__(self, fact: str, line: int) -> None:
        super().__init__(fact)
        self.fact = fact
        self.line = line


@dataclass(slots=True, eq=False)
class Node:
    """A scalar, a sequence or a mapping; what isn't there is `MISSING`, so that look-ups can be chained.

    `line` is 1-based; `is_block` marks a scalar whose text begins in the line after (`|` and `>`).
    """

    line: int
    text: str = ""
    is_block: bool = False
    is_scalar: bool = False
    elements: list[Node] = field(default_factory=list)
    entries: dict[str, tuple[Node, Node]] = field(default_factory=dict)

    def get(self, *keys: str) -> Node:
        """Return what is below these keys, else MISSING."""
        node = self
        for key in keys:
            node = node.entries.get(key, (MISSING, MISSING))[1]
        return node

    def line_of(self, key: str) -> int:
        """Return the line of a key, else the node's own."""
        return self.entries[key][0].line if key in self.entries else self.line

    def items(self) -> Iterator[tuple[str, Node]]:
        """Iterate over a mapping."""
        return ((key, value) for key, (_, value) in self.entries.items())

    def texts(self) -> tuple[str, ...]:
        """Return a sequence's scalars, or the one scalar there is (`needs: build`)."""
        if self.is_scalar:
            return (self.text,) if self.text else ()
        return tuple(node.text for node in self.elements if node.is_scalar)

    def scalars(self) -> Iterator[Node]:
        """Iterate over all values below that are scalars, each once."""
        todo, seen = [self], {id(self)}
        while todo:
            node = todo.pop()
            if node.is_scalar:
                yield node
            for child in [*node.elements, *(value for _, value in node.items())]:
                if id(child) not in seen:
                    seen.add(id(child))
                    todo.append(child)

    def __bool__(self) -> bool:
        return self is not MISSING


MISSING = Node(0)


def parse(text: str) -> list[Node]:
    """Return the root of each document; YamlError when GitHub couldn't read it either, or it is absurdly large."""
    try:
        return _Builder().build(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(str(error.problem or error.context), mark.line + 1 if mark else 1) from None
    except yaml.YAMLError as error:
        raise YamlError(str(error).splitlines()[0], 1) from None


class _Builder:
    """The containers that are open, and what anchors stand for."""

    def __init__(self) -> None:
        self.roots: list[Node] = []
        self.open: list[tuple[Node, list[Node] | None]] = []
        self.anchors: dict[str, Node] = {}
        self.n_nodes = 0

    def build(self, events: Iterator[yaml.Event]) -> list[Node]:
        for event in events:
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors = {}
            elif isinstance(event, yaml.AliasEvent):
                self._add(self._aliased(event.anchor or "", line))
            elif isinstance(event, yaml.ScalarEvent):
                self._add(self._new(event, Node(line, event.value, event.style in ("|", ">"), is_scalar=True)))
            elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
                self._begin(event, line)
            elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
                self._add(self.open.pop()[0])
        return self.roots

    def _begin(self, event: yaml.SequenceStartEvent | yaml.MappingStartEvent, line: int) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise YamlError(f"nested more than {MAX_DEPTH} levels deep", line)
        keys: list[Node] | None = [] if isinstance(event, yaml.MappingStartEvent) else None
        self.open.append((self._new(event, Node(line)), keys))

    def _new(self, event: yaml.NodeEvent, node: Node) -> Node:
        self.n_nodes += 1
        if self.n_nodes > MAX_NODES:
            raise YamlError(f"more than {MAX_NODES:,} values", node.line)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _aliased(self, anchor: str, line: int) -> Node:
        node = self.anchors.get(anchor)
        if node is None or any(node is container for container, _ in self.open):
            raise YamlError(f"alias *{anchor} of nothing that is finished above", line)
        return node

    def _add(self, node: Node) -> None:
        """Put a finished node where it belongs: its parent's element, key or value."""
        if not self.open:
            self.roots.append(node)
            return
        parent, keys = self.open[-1]
        if keys is None:
            parent.elements.append(node)
        elif not keys:
            keys.append(node)
        else:
            self._add_entry(parent, keys.pop(), node)

    def _add_entry(self, parent: Node, key: Node, value: Node) -> None:
        if key.text in parent.entries:
            raise YamlError(f"the key {key.text!r} is there twice, first in line {parent.line_of(key.text)}", key.line)
        parent.entries[key.text] = (key, value)
