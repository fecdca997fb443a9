"""pytest's configuration as pytest itself would find it, without importing anything.

Source: pytest's `findpaths.py` (rootdir, config file) and its documented ini options; a test
compares the outcome with `pytest --collect-only`.
"""

from __future__ import annotations

import argparse
import glob
import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import iniconfig

from ci_tools.model.errors import CiToolsError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NORECURSEDIRS = ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}")
PYTHON_FILES = ("test_*.py", "*_test.py")
DOCTEST_GLOBS = ("test*.txt",)


@dataclass(frozen=True, slots=True, kw_only=True)
class PytestConfig:
    """What decides which files pytest collects. Paths are absolute."""

    rootdir: Path
    paths: tuple[Path, ...]
    python_files: tuple[str, ...] = PYTHON_FILES
    python_classes: tuple[str, ...] = ("Test",)
    python_functions: tuple[str, ...] = ("test",)
    norecursedirs: tuple[str, ...] = NORECURSEDIRS
    doctest_modules: bool = False
    doctest_globs: tuple[str, ...] = DOCTEST_GLOBS
    ignore: tuple[Path, ...] = ()
    ignore_glob: tuple[str, ...] = ()
    collect_in_virtualenv: bool = False
    keep_together: tuple[str, ...] = ()


def find_config(arguments: Sequence[str], *, cwd: Path) -> PytestConfig:
    """Return the configuration pytest would use when called in `cwd` with these paths.

    Raises CiToolsError for a path that doesn't exist and a configuration file that can't be read.
    """
    given = [_existing(argument, cwd) for argument in arguments]
    ancestor = _common_ancestor(given, cwd)
    rootdir, values = _locate(ancestor, cwd, given)
    options = _options(_words(values.get("addopts")))
    values = {**values, **_overrides(options.override_ini)}
    paths = [*_existing_only(options.paths, cwd), *given]
    return PytestConfig(
        rootdir=rootdir,
        paths=tuple(paths or _default_paths(values, rootdir, cwd)),
        python_files=_words(values.get("python_files", PYTHON_FILES)),
        python_classes=_words(values.get("python_classes", ("Test",))),
        python_functions=_words(values.get("python_functions", ("test",))),
        norecursedirs=_words(values.get("norecursedirs", NORECURSEDIRS)),
        doctest_modules=options.doctest_modules,
        doctest_globs=tuple(options.doctest_glob) or DOCTEST_GLOBS,
        ignore=tuple(_absolute(path, cwd) for path in options.ignore),
        ignore_glob=tuple(str(_absolute(path, cwd)) for path in options.ignore_glob),
        collect_in_virtualenv=options.collect_in_virtualenv,
        keep_together=_keep_together(rootdir),
    )


def _existing(argument: str, cwd: Path) -> Path:
    path = _absolute(argument.partition("::")[0], cwd)
    if not path.exists():
        raise CiToolsError(f"no such file or directory: {argument}", hint="paths are relative to the current directory")
    return path


def _absolute(path: str, cwd: Path) -> Path:
    return Path(os.path.normpath(cwd / path))


def _common_ancestor(paths: Sequence[Path], cwd: Path) -> Path:
    if not paths:
        return cwd
    ancestor = Path(os.path.commonpath(paths))
    return ancestor.parent if ancestor.is_file() else ancestor


def _locate(ancestor: Path, cwd: Path, paths: Sequence[Path]) -> tuple[Path, Mapping[str, Any]]:
    """Return rootdir and ini values by pytest's order of search."""
    found = _locate_config([ancestor])
    if found is not None:
        return found
    for directory in (ancestor, *ancestor.parents):
        if (directory / "setup.py").is_file():
            return directory, {}
    found = _locate_config([path if path.is_dir() else path.parent for path in paths])
    if found is not None:
        return found
    rootdir = Path(os.path.commonpath([cwd, ancestor]))
    return (ancestor if rootdir == Path(rootdir.anchor) else rootdir), {}


def _locate_config(starts: Sequence[Path]) -> tuple[Path, Mapping[str, Any]] | None:
    """Return the first directory with a configuration, upwards from each start; else a bare pyproject.toml's."""
    pyproject: Path | None = None
    for directory in (directory for start in starts for directory in (start, *start.parents)):
        for name, loader in _LOADERS.items():
            path = directory / name
            if not path.is_file():
                continue
            if name == "pyproject.toml" and pyproject is None:
                pyproject = path
            values = loader(path)
            if values is not None:
                return directory, values
    return (pyproject.parent, {}) if pyproject else None


def _pytest_toml(path: Path) -> Mapping[str, Any] | None:
    return _table(_toml(path), "pytest") or {}


def _pytest_ini(path: Path) -> Mapping[str, Any] | None:
    return _section(path, "pytest") or {}


def _pyproject(path: Path) -> Mapping[str, Any] | None:
    table = _table(_toml(path), "tool", "pytest")
    if table is None:
        return None
    native = {key: value for key, value in table.items() if key != "ini_options"}
    return native or _table(table, "ini_options")


def _tox_ini(path: Path) -> Mapping[str, Any] | None:
    return _section(path, "pytest")


def _setup_cfg(path: Path) -> Mapping[str, Any] | None:
    return _section(path, "tool:pytest")


_LOADERS = {
    "pytest.toml": _pytest_toml,
    ".pytest.toml": _pytest_toml,
    "pytest.ini": _pytest_ini,
    ".pytest.ini": _pytest_ini,
    "pyproject.toml": _pyproject,
    "tox.ini": _tox_ini,
    "setup.cfg": _setup_cfg,
}


def _toml(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CiToolsError(f"{path}: not TOML: {error}") from None
    return document


def _table(document: Mapping[str, Any], *keys: str) -> dict[str, Any] | None:
    value: Any = document
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else None


def _section(path: Path, name: str) -> Mapping[str, str] | None:
    try:
        config = iniconfig.IniConfig(str(path))
    except (OSError, ValueError, iniconfig.ParseError) as error:
        raise CiToolsError(f"{path}: not an ini file: {error}") from None
    return dict(config[name].items()) if name in config else None


def _words(value: object) -> tuple[str, ...]:
    """Return an ini value of pytest's `args` type: shell words of a text, or a list as it is."""
    if isinstance(value, (list, tuple)):
        return tuple(str(item) for item in value)
    try:
        return tuple(shlex.split(str(value))) if value is not None else ()
    except ValueError as error:
        raise CiToolsError(f"pytest's configuration holds {str(value)!r}: {error}") from None


def _overrides(pairs: Sequence[str]) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _options(words: Sequence[str]) -> argparse.Namespace:
    """Return the options of addopts that decide what is collected; all others are passed over."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for name in ("--ignore", "--ignore-glob", "--doctest-glob"):
        parser.add_argument(name, action="append", default=[])
    parser.add_argument("-o", "--override-ini", action="append", default=[])
    parser.add_argument("--doctest-modules", action="store_true")
    parser.add_argument("--collect-in-virtualenv", action="store_true")
    try:
        options, rest = parser.parse_known_args([word for word in words if word != "--"])
    except argparse.ArgumentError:
        options, rest = parser.parse_known_args([])
    options.paths = _bare_words(rest)
    return options


def _bare_words(words: Sequence[str]) -> list[str]:
    """Return what may be a path: words that can't be the value of an option before them.

    Whether `--foo bar` takes a value, only the plugin that defines it knows.
    """
    before = ["", *words]
    return [word for previous, word in zip(before, words) if not (word.startswith("-") or _may_take_value(previous))]


def _may_take_value(word: str) -> bool:
    return word.startswith("-") and "=" not in word and not _VALUELESS.fullmatch(word)


_VALUELESS = re.compile(
    r"-[vqsxlh]+|-r\w+|--(?:strict(?:-markers|-config)?|verbose|quiet|exitfirst|showlocals|no-header|no-summary"
    r"|lf|last-failed|ff|failed-first|nf|new-first|disable-warnings|runxfail|keep-duplicates|pyargs|no-cov)"
)


def _existing_only(words: Sequence[str], cwd: Path) -> list[Path]:
    paths = [_absolute(word.partition("::")[0], cwd) for word in words]
    return [path for path in paths if path.exists()]


def _default_paths(values: Mapping[str, Any], rootdir: Path, cwd: Path) -> list[Path]:
    """Return what `testpaths` matches, when called in rootdir; else the current directory."""
    patterns = _words(values.get("testpaths")) if cwd == rootdir else ()
    root = glob.escape(str(rootdir))
    found = [path for pattern in patterns for path in sorted(glob.iglob(os.path.join(root, pattern), recursive=True))]
    return [Path(os.path.normpath(path)) for path in found] or [cwd]


def _keep_together(rootdir: Path) -> tuple[str, ...]:
    """Return `[tool.ci-tools.plan] keep_together` of the rootdir's pyproject.toml."""
    path = rootdir / "pyproject.toml"
    table = _table(_toml(path), "tool", "ci-tools", "plan") if path.is_file() else None
    patterns = (table or {}).get("keep_together", [])
    if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
        raise CiToolsError(
            f"{path}: [tool.ci-tools.plan] keep_together is {patterns!r}, wanted a list of globs",
            hint='keep_together = ["tests/snapshots/**"]',
        )
    return tuple(patterns)
