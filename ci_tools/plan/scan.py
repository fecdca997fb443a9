"""Which tests a file seems to hold: its `def` and `class` lines, by indentation.

A weight for the planner, never a fact that the proof rests on: `Plan.owner` is total without it.
A syntax tree would cost twenty times as much, on the ten thousand files of a large suite.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from ci_tools.plan.pytest_config import PytestConfig

NameTest = Callable[[str], bool]

_LINE = re.compile(
    r"^([ \t]*)(?:(async[ \t]+def|def|class)[ \t]+(\w+)([^\n]*)"
    r"|(?:if|elif|else|try|except|finally|with|for|while)\b)",
    re.MULTILINE,
)
_LONG_STRING = re.compile(r"(\"{3}|'{3}).*?\1", re.DOTALL)
_GLOB = re.compile(r"[*?\[]")


class _Scope(NamedTuple):
    indent: int
    name: str
    holds_tests: bool
    is_unittest: bool = False


def functions_of(text: str, file: str, config: PytestConfig) -> tuple[str, ...]:
    """Return `file::Class::test` for each test function in a module's text, in order, each once."""
    if '"""' in text or "'''" in text:  # a suite of a pytest plugin holds whole test files in them
        text = _LONG_STRING.sub("", text)
    is_class = _name_matcher(config.python_classes)
    is_function = _name_matcher(config.python_functions)
    return tuple(dict.fromkeys(_functions(text, file, is_class, is_function)))


@lru_cache(maxsize=8)
def _name_matcher(patterns: tuple[str, ...]) -> NameTest:
    """Return pytest's test of a name: a prefix, or a glob where it has `*`, `?` or `[`."""
    prefixes = tuple(pattern for pattern in patterns if not _GLOB.search(pattern))
    globs = [pattern for pattern in patterns if _GLOB.search(pattern)]
    return lambda name: name.startswith(prefixes) or any(fnmatch.fnmatchcase(name, glob) for glob in globs)


def _functions(text: str, file: str, is_class: NameTest, is_function: NameTest) -> Iterator[str]:
    enclosing: list[_Scope] = []
    for match in _LINE.finditer(text):
        spaces, kind, name, rest = match.groups()
        indent = len(spaces.expandtabs())
        while enclosing and enclosing[-1].indent >= indent:
            enclosing.pop()
        if kind is None:  # `if`, `try`, …: only closes what stood at its depth
            continue
        if kind == "class":
            is_unittest = "TestCase" in rest
            enclosing.append(_Scope(indent, name, is_unittest or is_class(name), is_unittest))
            continue
        in_unittest = bool(enclosing) and enclosing[-1].is_unittest
        is_test = name.startswith("test") if in_unittest else is_function(name)
        if is_test and all(scope.holds_tests for scope in enclosing):
            yield "::".join([file, *(scope.name for scope in enclosing), name])
        enclosing.append(_Scope(indent, name, holds_tests=False))
