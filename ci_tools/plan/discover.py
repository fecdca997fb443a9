"""Which test files there are: by pytest's rules, by reading, importing nothing."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_tools.plan.pytest_config import PytestConfig
from ci_tools.plan.scan import functions_of
from ci_tools.plan.ties import WORDS, ties_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A test file: path relative to rootdir, its functions in file order, what ties it to other files."""

    file: str
    functions: tuple[str, ...] = ()
    ties: tuple[str, ...] = ()


def discover(config: PytestConfig, *, also: Collection[str] = ()) -> tuple[SourceFile, ...]:
    """Return the test files below the configured paths, sorted by path.

    `also` names files (relative to rootdir) that held tests before: they count wherever the
    walk meets them, since a plugin may collect what python_files does not match.
    """
    root = str(config.rootdir)
    found: dict[str, SourceFile] = {}
    for path, is_argument in _walk(config):
        file = os.path.relpath(path, root).replace(os.sep, "/")
        if file in found or not (is_argument or file in also or _is_candidate(path, config)):
            continue
        source = _read(path, file, config, is_argument=is_argument)
        if source.functions or is_argument or file in also or _is_module(path, config):
            found[file] = source
    return tuple(found[file] for file in sorted(found))


def _is_candidate(path: str, config: PytestConfig) -> bool:
    if path.endswith(".py"):
        return _is_module(path, config) or (config.doctest_modules and os.path.basename(path) != "__main__.py")
    return matches(path, config.doctest_globs)


def _is_module(path: str, config: PytestConfig) -> bool:
    return path.endswith(".py") and matches(path, config.python_files)


def _read(path: str, file: str, config: PytestConfig, *, is_argument: bool) -> SourceFile:
    """Return the file with its tests; a doctest file is one test, one that can't be read holds none."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as stream:
            text = stream.read()
    except OSError:
        return SourceFile(file=file)
    doctest = (f"{file}::{os.path.basename(path)}",)
    if not path.endswith(".py"):
        is_doctest = matches(path, config.doctest_globs) or path.endswith((".txt", ".rst"))
        return SourceFile(file=file, functions=doctest if is_doctest else ())
    if not (is_argument or _is_module(path, config)):
        holds = config.doctest_modules and _holds_doctests(path, text)
        return SourceFile(file=file, functions=doctest if holds else ())
    ties = ties_of(text) if any(word in text for word in WORDS) else ()
    return SourceFile(file=file, functions=functions_of(text, file, config), ties=ties)


def _holds_doctests(path: str, text: str) -> bool:
    # pytest leaves out the setup.py of setuptools: importing it would run it.
    is_setup = os.path.basename(path) == "setup.py" and ("setuptools" in text or "distutils" in text)
    return ">>> " in text and not is_setup


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
        try:
            is_directory, is_file = entry.is_dir(), entry.is_file()
        except OSError:  # a symlink to itself
            continue
        if _is_ignored(entry.path, config, is_directory=is_directory):
            continue
        if is_directory:
            yield from _files_below(entry.path, config, above | {real})
        elif is_file:
            yield entry.path


def _is_ignored(path: str, config: PytestConfig, *, is_directory: bool) -> bool:
    if config.ignore and Path(path) in config.ignore:
        return True
    if any(fnmatch.fnmatch(path, pattern) for pattern in config.ignore_glob):
        return True
    if not is_directory:
        return False
    return (
        os.path.basename(path) == "__pycache__"
        or matches(path, config.norecursedirs)
        or (not config.collect_in_virtualenv and _is_virtualenv(path))
    )


def _is_virtualenv(path: str) -> bool:
    return os.path.isfile(os.path.join(path, "pyvenv.cfg")) or os.path.isfile(
        os.path.join(path, "conda-meta", "history")
    )
