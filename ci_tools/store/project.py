"""`[tool.ci-tools]` of a project's pyproject.toml, read and checked."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from ci_tools.model.cost import usd_of
from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.model.project import Database, Isolation, Keep, Project
from ci_tools.store.files import read_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

WORDS = ("db-url", "dir", "port")
PLACEHOLDERS = ("worker_dir", "worker", "run_id", "shard")
VARIABLE = re.compile(r"[A-Za-z_]\w*")
ATTRIBUTE = re.compile(r"\w+(\.\w+)*:\w+(\.\w+)+")
FUNCTION = re.compile(r"\w+(\.\w+)*:\w+(\.\w+)*")


def read_project(rootdir: Path) -> Project:
    """Return what the project asks for; nothing where there is no pyproject.toml, or no word of ours in it.

    Raises CiToolsError when the file isn't TOML, UsageError for a key or a value that can't be meant.
    """
    path = rootdir / "pyproject.toml"
    if not path.is_file():
        return Project()
    text = read_text(path)
    if "ci-tools" not in text:  # most projects: no need to parse it
        return Project()
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except ValueError as error:
        raise CiToolsError(f"{path}: not TOML: {error}") from None
    tool = document.get("tool")
    table = tool.get("ci-tools", {}) if isinstance(tool, dict) else {}
    whole = _Table(table, str(path), "tool.ci-tools")
    whole.allow("plan", "isolation", "cost", "marks")
    marks = whole.table("marks")
    marks.allow("run_elsewhere")
    cost = whole.table("cost")
    cost.allow("budget_usd")
    return Project(
        isolation=_isolation(whole.table("isolation")) if "isolation" in table else None,
        budget_usd=cost.usd("budget_usd"),
        marks_run_elsewhere=marks.flag("run_elsewhere"),
    )


def _isolation(table: _Table) -> Isolation:
    table.allow("env", "settings", "cache_clear", "databases", "always", "home", "strict", "keep")
    env = _values(table, "env", VARIABLE, "a variable")
    databases = table.table("databases")
    databases.allow(*(name for name, value in env.items() if value == "db-url"))
    return Isolation(
        env=env,
        settings=_values(table, "settings", ATTRIBUTE, "module:object.attribute"),
        cache_clear=_functions(table),
        databases={name: _database(databases.table(name)) for name in databases.values},
        always=table.flag("always"),
        home=table.flag("home"),
        strict=table.flag("strict"),
        keep=Keep(table.one_of("keep", [keep.value for keep in Keep])),
    )


def _values(table: _Table, key: str, name: re.Pattern[str], wanted: str) -> dict[str, str]:
    values = table.texts_by_name(key)
    for found, value in values.items():
        if not name.fullmatch(found):
            table.refuse(f"{key} has {found!r}, wanted {wanted}")
        if "\0" in value:
            table.refuse(f"{key} {found} has a character that no variable can hold")
        unknown = [word for word in re.findall(r"\{(\w+)\}", value) if word not in PLACEHOLDERS]
        if unknown:
            hint = f"known are {', '.join(f'{{{word}}}' for word in PLACEHOLDERS)}"
            table.refuse(f"{key} {found} has {{{unknown[0]}}}", hint=hint)
        if value not in WORDS and value.lower().replace("_", "-").strip() in WORDS:
            table.refuse(f"{key} {found} is {value!r}", hint=f"known are {', '.join(WORDS)}, and texts")
    return values


def _functions(table: _Table) -> tuple[str, ...]:
    functions = table.texts("cache_clear")
    for found in functions:
        if not FUNCTION.fullmatch(found):
            table.refuse(f"cache_clear has {found!r}, wanted module:function")
    return functions


def _database(table: _Table) -> Database:
    table.allow("create", "template")
    if table.text("template") and not table.flag("create"):
        table.refuse("template is for a database that is created", hint="add create = true")
    return Database(create=table.flag("create"), template=table.text("template"))


class _Table:
    """One table of the file, whose values are taken by their type; UsageError names the file, the table and the key."""

    def __init__(self, values: object, file: str, name: str) -> None:
        self._file, self._name = file, name
        if not isinstance(values, dict):
            raise UsageError(f"{file}: [{name}] is {values!r}, wanted a table")
        self.values: Mapping[str, Any] = values

    def allow(self, *keys: str) -> None:
        """Refuse any other key, with the one that was probably meant."""
        for key in self.values:
            if key not in keys:
                near = get_close_matches(key, keys, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(keys) or 'none'}"
                self.refuse(f"has no key {key!r}", hint=hint)

    def refuse(self, fact: str, *, hint: str = "") -> NoReturn:
        raise UsageError(f"{self._file}: [{self._name}] {fact}", hint=hint)

    def table(self, key: str) -> _Table:
        return _Table(self.values.get(key, {}), self._file, f"{self._name}.{key}")

    def text(self, key: str) -> str:
        return str(self._get(key, "", "a text", lambda value: isinstance(value, str)))

    def flag(self, key: str) -> bool:
        return bool(self._get(key, False, "true or false", lambda value: isinstance(value, bool)))

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(self._get(key, [], "a list of texts", lambda value: isinstance(value, list) and _are_texts(value)))

    def texts_by_name(self, key: str) -> dict[str, str]:
        def is_right(value: object) -> bool:
            return isinstance(value, dict) and _are_texts(value.values())

        return dict(self._get(key, {}, "a table of texts", is_right))

    def one_of(self, key: str, choices: list[str]) -> str:
        return str(self._get(key, choices[0], f"one of {', '.join(choices)}", lambda value: value in choices))

    def usd(self, key: str) -> Decimal | None:
        text = self._get(
            key, None, 'dollars as text, like "5.00"', lambda v: isinstance(v, str) and usd_of(v) is not None
        )
        return None if text is None else Decimal(text)

    def _get(self, key: str, default: Any, wanted: str, is_right: Callable[[Any], bool]) -> Any:
        value = self.values.get(key, default)
        if key in self.values and not is_right(value):
            self.refuse(f"{key} is {value!r}, wanted {wanted}")
        return value


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)
