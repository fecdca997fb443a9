"""Which test files there are, and which tests they seem to hold: by pytest's rules, by reading.

Nothing is imported. The tests of a file are found by a scan for `def` and `class` lines: a
weight for the planner, never a fact that the proof rests on (`Plan.owner` is total without it).
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_tools.plan.groups import xdist_groups
from ci_tools.plan.pytest_config import PytestConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A test file: path relative to rootdir, its functions in file order, its `xdist_group`s."""

    file: str
    functions: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


def discover(config: PytestConfig, *, also: Collection[str] = ()) -> tuple[SourceFile, ...]:
    """Return the test files below the configured paths, sorted by path.

    `also` names files (relative to rootdir) that held tests before: they count wherever the
    walk meets them, since a plugin may collect what python_files does not match.
    """
    scan = _scanner(config)
    root = str(config.rootdir)
    found: dict[str, SourceFile] = {}
    for path, is_argument in _walk(config):
        file = os.path.relpath(path, root).replace(os.sep, "/")
        if file not in found and (is_argument or file in also or _is_candidate(path, config)):
            source = scan(path, file)
            if source is not None or file in also:
                found[file] = source or SourceFile(file=file)
    return tuple(found[file] for file in sorted(found))


def _is_candidate(path: str, config: PytestConfig) -> bool:
    if path.endswith(".py"):
        return config.doctest_modules or matches(path, config.python_files)
    return matches(path, config.doctest_globs)


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Return whether a path fits one of pytest's globs: by its name, or whole if they hold a `/`."""
    name = os.path.basename(path)
    return any(
        fnmatch.fnmatch(path, pattern if os.path.isabs(pattern) else f"*/{pattern}")
        if "/" in pattern
        else fnmatch.fnmatch(name, pattern)
        for pattern in patterns
    )


def _walk(config: PytestConfig) -> Iterator[tuple[str, bool]]:
    """Yield (file, was it named as an argument)."""
    for path in config.paths:
        if path.is_file():
            yield str(path), True
        else:
            for file in _files_below(str(path), config, frozenset()):
                yield file, False


def _files_below(directory: str, config: PytestConfig, above: frozenset[str]) -> Iterator[str]:
    real = os.path.realpath(directory)
    if real in above:  # a symlink to a directory above it
        return
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if _is_ignored(entry, config):
            continue
        if entry.is_dir():
            yield from _files_below(entry.path, config, above | {real})
        elif entry.is_file():
            yield entry.path


def _is_ignored(entry: os.DirEntry[str], config: PytestConfig) -> bool:
    path = entry.path
    if config.ignore and Path(path) in config.ignore:
        return True
    if any(fnmatch.fnmatch(path, pattern) for pattern in config.ignore_glob):
        return True
    if not entry.is_dir():
        return False
    return (
        entry.name == "__pycache__"
        or matches(path, config.norecursedirs)
        or (not config.collect_in_virtualenv and _is_virtualenv(path))
    )


def _is_virtualenv(path: str) -> bool:
    return os.path.isfile(os.path.join(path, "pyvenv.cfg")) or os.path.isfile(
        os.path.join(path, "conda-meta", "history")
    )


Scan = Callable[[str, str], "SourceFile | None"]
NameTest = Callable[[str], bool]

_DEFINITION = re.compile(r"^([ \t]*)(?:async[ \t]+def|def|class)[ \t]+(\w+)([^\n]*)", re.MULTILINE)
_CLASS = re.compile(r"[ \t]*class\b")
_DOCTEST = re.compile(r"^\s*>>> ", re.MULTILINE)


def _scanner(config: PytestConfig) -> Scan:
    is_class = _name_matcher(config.python_classes)
    is_function = _name_matcher(config.python_functions)

    def scan(path: str, file: str) -> SourceFile | None:
        """Return the file's tests; None for a module that can only hold doctests and has none."""
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                text = stream.read()
        except OSError:
            return SourceFile(file=file)
        if not path.endswith(".py"):
            return SourceFile(file=file, functions=(f"{file}::{os.path.basename(path)}",))
        if not matches(path, config.python_files) and not _DOCTEST.search(text):
            return None
        functions = tuple(dict.fromkeys(_functions(text, file, is_class, is_function)))
        groups = xdist_groups(text) if "xdist_group" in text else ()
        return SourceFile(file=file, functions=functions, groups=groups)

    return scan


def _name_matcher(patterns: Sequence[str]) -> NameTest:
    """Return pytest's test of a name: a prefix, or a glob where it has `*`, `?` or `[`."""
    prefixes = tuple(pattern for pattern in patterns if not re.search(r"[*?\[]", pattern))
    globs = [pattern for pattern in patterns if re.search(r"[*?\[]", pattern)]
    return lambda name: name.startswith(prefixes) or any(fnmatch.fnmatchcase(name, glob) for glob in globs)


def _functions(text: str, file: str, is_class: NameTest, is_function: NameTest) -> Iterator[str]:
    """Yield `file::Class::test` for what looks like a test, by indentation."""
    enclosing: list[tuple[int, str, bool]] = []  # indent, name, does it hold tests
    for match in _DEFINITION.finditer(text):
        indent, name = len(match[1].expandtabs()), match[2]
        while enclosing and enclosing[-1][0] >= indent:
            enclosing.pop()
        if _CLASS.match(match[0]):
            holds_tests = is_class(name) or "TestCase" in match[3]
            enclosing.append((indent, name, holds_tests))
        elif is_function(name) and all(holds for _, _, holds in enclosing):
            yield "::".join([file, *(scope for _, scope, _ in enclosing), name])
        else:
            enclosing.append((indent, name, False))
