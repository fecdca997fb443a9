"""`[tool.ci-tools]` of a project's pyproject.toml, read and checked."""

from __future__ import annotations

import re
from pathlib import Path

from ci_tools.model.project import Database, Isolation, Keep, Project
from ci_tools.store.tables import Table, read_table

WORDS = ("db-url", "dir", "port")
PLACEHOLDERS = ("worker_dir", "worker", "run_id", "shard")
VARIABLE = re.compile(r"[A-Za-z_]\w*")
ATTRIBUTE = re.compile(r"\w+(\.\w+)*:\w+(\.\w+)+")
FUNCTION = re.compile(r"\w+(\.\w+)*:\w+(\.\w+)*")


def read_project(rootdir: Path) -> Project:
    """Return what the project asks for; nothing where there is no pyproject.toml, or no word of ours in it.

    Raises CiToolsError when the file isn't TOML, UsageError for a key or a value that can't be meant.
    """
    whole = read_table(rootdir)
    whole.allow("plan", "isolation", "cost", "marks", "audit", "gates")
    marks = whole.table("marks")
    marks.allow("run_elsewhere")
    cost = whole.table("cost")
    cost.allow("budget_usd")
    return Project(
        isolation=_isolation(whole.table("isolation")) if "isolation" in whole.values else None,
        budget_usd=cost.usd("budget_usd"),
        marks_run_elsewhere=marks.flag("run_elsewhere"),
    )


def _isolation(table: Table) -> Isolation:
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


def _values(table: Table, key: str, name: re.Pattern[str], wanted: str) -> dict[str, str]:
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


def _functions(table: Table) -> tuple[str, ...]:
    functions = table.texts("cache_clear")
    for found in functions:
        if not FUNCTION.fullmatch(found):
            table.refuse(f"cache_clear has {found!r}, wanted module:function")
    return functions


def _database(table: Table) -> Database:
    table.allow("create", "template")
    if table.text("template") and not table.flag("create"):
        table.refuse("template is for a database that is created", hint="add create = true")
    return Database(create=table.flag("create"), template=table.text("template"))
