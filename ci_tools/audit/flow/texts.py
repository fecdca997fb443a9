"""Arithmetic of values: what is known of a text or a path that is put together from others."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

from ci_tools.audit.steps import UNKNOWN, Kind, Value

MAX_TEXT = 1000
HERE = "<rootdir>"  # what a path begins with that comes from `__file__`
REST = "…"
ANY = "*"
PERCENT = re.compile(r"%(?:\([^)]*\))?[#0 +-]*\d*(?:\.\d+)?[diouxXeEfFgGcrsa]")
BRACES = re.compile(r"\{[^{}]*\}")
UNIQUE = Value(Kind.UNKNOWN, is_unique=True)
NONE = Value(Kind.CONST, None)


def const(data: object, node: ast.AST | None = None) -> Value:
    return Value(Kind.CONST, data, node=node)


def path(text: str, *, is_unique: bool = False, node: ast.AST | None = None) -> Value:
    return Value(Kind.PATH, text[:MAX_TEXT], is_unique=is_unique, node=node)


def private(source: str, node: ast.AST | None = None) -> Value:
    return Value(Kind.PRIVATE, source, node=node)


def text_of(value: Value) -> str | None:
    """Return the text that a value surely begins with, None if nothing is known of it."""
    if value.kind is Kind.PATH:
        return str(value.data)
    if value.kind is Kind.CONST and isinstance(value.data, str | int | float) and not isinstance(value.data, bool):
        return str(value.data)
    if value.kind is Kind.CONST and isinstance(value.data, bytes):
        return value.data.decode("latin-1")
    return None


def concat(parts: Sequence[Value], *, node: ast.AST | None = None) -> Value:
    """Return the text that the parts make: private if one is, a PATH if its beginning alone is known."""
    held = next((part for part in parts if part.kind is Kind.PRIVATE), None)
    if held is not None:
        return replace(held, home="", node=node)
    is_unique = any(part.is_unique for part in parts)
    texts = [text_of(part) for part in parts]
    if not parts or texts[0] is None or not _is_anything(texts):
        return Value(Kind.UNKNOWN, is_unique=is_unique)
    text = "".join(REST if t is None else t for t in texts)[:MAX_TEXT]
    if all(part.kind is Kind.CONST for part in parts):
        return Value(Kind.CONST, text, is_unique=is_unique, node=node)
    return path(text, is_unique=is_unique, node=node)


def _is_anything(texts: Sequence[str | None]) -> bool:
    return any(text for text in texts)


def join(parts: Sequence[Value], *, node: ast.AST | None = None) -> Value:
    """Return the path that the parts make, as `os.path.join` does: an absolute part begins anew."""
    start = 0
    for index, part in enumerate(parts):
        text = text_of(part)
        if part.kind is Kind.PRIVATE or (index and text is not None and text.startswith(("/", "~", HERE))):
            start = index
    first, *rest = parts[start:] or [UNKNOWN]
    is_unique = any(part.is_unique for part in parts[start:])
    if first.kind is Kind.PRIVATE:
        return replace(first, home="", is_unique=is_unique, node=node)
    text = text_of(first)
    if text is None:
        return Value(Kind.UNKNOWN, is_unique=is_unique)
    pieces = [text.rstrip("/") or "/" * bool(text), *(_piece(part) for part in rest)]
    return path("/".join(piece for piece in pieces if piece).replace("//", "/"), is_unique=is_unique, node=node)


def _piece(part: Value) -> str:
    text = text_of(part)
    return REST if text is None else text.strip("/")


def moved(directory: Value, to: Value) -> Value:
    """Return the current directory after a change: what is below a private one is private, too."""
    text = text_of(to)
    is_back = text is None or text == "." or text.startswith(("/", "~", HERE))
    return to if is_back or directory.kind is not Kind.PRIVATE else directory


def parent(value: Value, levels: int = 1) -> Value:
    """Return what `.parent` of a path is."""
    if value.kind is not Kind.PATH:
        return value if value.kind is Kind.PRIVATE else Value(Kind.UNKNOWN, is_unique=value.is_unique)
    text = str(value.data)
    for _ in range(levels):
        if text in (HERE, "/", ".", "..", ""):
            return value if text == "/" else UNKNOWN  # above rootdir: who knows
        text = text.rpartition("/")[0] or ("/" if text.startswith("/") else ".")
    return path(text, is_unique=value.is_unique)


def formatted(template: Value, args: Sequence[Value], *, gaps: re.Pattern[str], node: ast.AST | None = None) -> Value:
    """Return what `%` (PERCENT) and `.format` (BRACES) make: the template with its gaps filled, or … in them."""
    text = text_of(template)
    if text is None:
        return concat([UNKNOWN, *args])
    parts = gaps.split(text)
    values = [const(parts[0])]
    for index, part in enumerate(parts[1:]):
        values += [args[index] if index < len(args) else UNKNOWN, const(part)]
    return concat([value for value in values if value != const("")], node=node)


def either(left: Value, right: Value) -> Value:
    """Return what is known of a value that is one or the other; None gives way, it is what defaults are replaced by."""
    if left is right or left == right:
        return left
    if left == NONE or right == NONE:
        return right if left == NONE else left
    if left.kind is Kind.PRIVATE and right.kind is Kind.PRIVATE:
        return left
    return Value(
        Kind.UNKNOWN,
        is_unique=left.is_unique and right.is_unique,
        is_unordered=left.is_unordered or right.is_unordered,
    )


def element(value: Value) -> Value:
    """Return what is known of each thing that iterating a value gives."""
    things = value.args if value.data == "dict" else value.items
    if value.kind is Kind.ITEMS and things:
        known = things[0]
        for thing in things[1:]:
            known = either(known, thing)
        return replace(known, home="") if known.home else known
    if value.kind is Kind.PRIVATE:
        return value
    return Value(Kind.UNKNOWN, is_unique=value.is_unique)


def listing(name: str, args: Sequence[Value], node: ast.AST) -> Value:
    """Return what a listing of a directory holds: one stand-in for each thing in it, `directory/*`."""
    directory = args[0] if args else path(".")
    inner = directory if directory.kind is Kind.PRIVATE else _inside(directory)
    bare = inner if inner.kind is Kind.PRIVATE else path(ANY)
    thing = inner if name != "os.listdir" else bare
    if name == "os.walk":
        names = Value(Kind.ITEMS, "list", items=(bare,), is_unordered=True)
        thing = Value(Kind.ITEMS, "tuple", items=(inner, names, names))
    return Value(Kind.ITEMS, "list", items=(thing,), is_unordered=True, node=node)


def _inside(directory: Value) -> Value:
    text = text_of(directory)
    if text is None:
        return Value(Kind.UNKNOWN, is_unique=directory.is_unique)
    if ANY in text:  # a pattern: glob.glob
        return path(f"{text.partition(ANY)[0]}{ANY}", is_unique=directory.is_unique)
    return path(f"{text.rstrip('/')}/{ANY}", is_unique=directory.is_unique)
