"""What the files of a project's root say about pytest, tox and coverage, with lines."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import iniconfig

from ci_tools.doctor.project import Mention, Suite, ToxConfig

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_BYTES = 1_000_000
# pytest's order of search: https://docs.pytest.org/en/stable/reference/customize.html
_PYTEST = (
    ("pytest.toml", ("pytest",)),
    (".pytest.toml", ("pytest",)),
    ("pytest.ini", ("pytest",)),
    (".pytest.ini", ("pytest",)),
    ("pyproject.toml", ("tool", "pytest", "ini_options")),
    ("pyproject.toml", ("tool", "pytest")),
    ("tox.ini", ("pytest",)),
    ("setup.cfg", ("tool:pytest",)),
)
_TOX = (
    ("tox.ini", ("testenv",)),
    ("setup.cfg", ("tox:testenv",)),
    ("tox.toml", ("env_run_base",)),
    ("pyproject.toml", ("tool", "tox", "env_run_base")),
)
_COVERAGE = (
    (".coveragerc", ("report",)),
    ("setup.cfg", ("coverage:report",)),
    ("tox.ini", ("coverage:report",)),
    ("pyproject.toml", ("tool", "coverage", "report")),
)


def suite_in(rootdir: Path, *, root: Path) -> Suite | None:
    """Return what the rootdir's configuration file says, None where there is none; its path is relative to `root`."""
    for name, keys in _PYTEST:
        table = _table(rootdir / name, keys)
        if table is not None:
            path = Path(os.path.relpath(rootdir / name, root)).as_posix()
            return Suite(
                path=path, line=_line_of(rootdir / name, keys, "addopts"), addopts=_words(table.get("addopts"))
            )
    return None


def tox_config(root: Path) -> ToxConfig | None:
    """Return what tox passes on to tests; None where tox isn't configured."""
    for name, keys in _TOX:
        table = _table(root / name, keys)
        if table is not None:
            key = "passenv" if "passenv" in table else "pass_env"
            names = tuple(re.split(r"[\s,]+", " ".join(_words(table.get(key))).lower()))
            return ToxConfig(path=name, line=_line_of(root / name, keys, key), pass_env=names)
    return None


def coverage_threshold(root: Path) -> Mention | None:
    """Return where coverage's `fail_under` stands, None where there is none above 0."""
    for name, keys in _COVERAGE:
        value = str((_table(root / name, keys) or {}).get("fail_under", "0")).strip()
        if value.strip("0.") and re.fullmatch(r"[\d.]+", value):
            return Mention(path=name, line=_line_of(root / name, keys, "fail_under"), name=value)
    return None


def _table(path: Path, keys: Sequence[str]) -> Mapping[str, Any] | None:
    """Return a section of a file; None where it is missing or the file can't be read: pytest says so itself."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return None
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".toml":
            config = iniconfig.IniConfig(str(path), data=text)
            return dict(config[keys[0]].items()) if keys[0] in config else _if_pytest_ini(path)
        value: Any = tomllib.loads(text)
    except (OSError, ValueError, iniconfig.ParseError, RecursionError):
        return None
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else None


def _if_pytest_ini(path: Path) -> Mapping[str, Any] | None:
    return {} if path.name in ("pytest.ini", ".pytest.ini") else None


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(str(item) for item in value)
    try:
        return tuple(shlex.split(str(value))) if value is not None else ()
    except ValueError:
        return tuple(str(value).split())


def _line_of(path: Path, keys: Sequence[str], key: str) -> int:
    """Return the line of a key within its section, else of the section, else 1."""
    lines = path.read_text(encoding="utf-8").split("\n")
    section = re.compile(rf"\s*\[\s*{re.escape('.'.join(keys))}\s*\]")
    start = next((number for number, line in enumerate(lines, 1) if section.match(line)), 1)
    for number, line in enumerate(lines[start:], start + 1):
        if re.match(rf"\s*{re.escape(key)}\s*=", line):
            return number
        if re.match(r"\s*\[[^\]]+\]\s*$", line):
            break
    return start
