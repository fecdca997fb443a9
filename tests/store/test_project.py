"""`[tool.ci-tools]`, read and refused."""

from __future__ import annotations

import re
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest

from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.model.project import Database, Isolation, Keep, Project
from ci_tools.store.project import read_project

WHOLE = """
[tool.ci-tools.cost]
budget_usd = "5.00"
[tool.ci-tools.isolation]
cache_clear = ["app.config:get_settings"]
always = true
home = true
strict = true
keep = "failed"
[tool.ci-tools.isolation.env]
DATABASE_URL = "db-url"
DATA_DIR = "dir"
PORT = "port"
CACHE = "{worker_dir}/cache-{run_id}-{shard}-{worker}"
JSON = '{"a": {}}'
[tool.ci-tools.isolation.settings]
"app.config:settings.sessions_dir" = "{worker_dir}/sessions"
[tool.ci-tools.isolation.databases]
DATABASE_URL = {create = true, template = "app_template"}
"""


def read(path: Path, text: str) -> Project:
    (path / "pyproject.toml").write_text(text)
    return read_project(path)


def test_every_key_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE) == Project(
        isolation=Isolation(
            env={
                "DATABASE_URL": "db-url",
                "DATA_DIR": "dir",
                "PORT": "port",
                "CACHE": "{worker_dir}/cache-{run_id}-{shard}-{worker}",
                "JSON": '{"a": {}}',
            },
            settings={"app.config:settings.sessions_dir": "{worker_dir}/sessions"},
            cache_clear=("app.config:get_settings",),
            databases={"DATABASE_URL": Database(create=True, template="app_template")},
            always=True,
            home=True,
            strict=True,
            keep=Keep.FAILED,
        ),
        budget_usd=Decimal("5.00"),
    )


@pytest.mark.parametrize("text", ["", "[tool.other]\n", "# ci-tools\n[tool]\n", "[tool.ci-tools.plan]\n"])
def test_a_project_that_asks_for_nothing_gets_nothing(tmp_path: Path, text: str) -> None:
    assert read_project(tmp_path) == read(tmp_path, text) == Project()


def test_an_empty_table_is_isolation_with_its_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, "[tool.ci-tools.isolation]") == Project(isolation=Isolation())


@pytest.mark.parametrize(
    ("table", "fact", "hint"),
    [
        ("alway = true", "has no key 'alway'", "did you mean always?"),
        ("always = 1", "always is 1, wanted true or false", ""),
        ("env = ['A']", "env is ['A'], wanted a table of texts", ""),
        ("env = {A = 1}", "env is {'A': 1}, wanted a table of texts", ""),
        ("env = {A-B = 'x'}", "env has 'A-B', wanted a variable", ""),
        ("env = {A = '{dir}'}", "env A has {dir}", "known are {worker_dir}, {worker}, {run_id}, {shard}"),
        ('env = {A = "a\\u0000"}', "env A has a character that no variable can hold", ""),
        ("env = {A = 'DB_URL'}", "env A is 'DB_URL'", "known are db-url, dir, port, and texts"),
        ("settings = {'app.settings.x' = 'y'}", "settings has 'app.settings.x', wanted module:object.attribute", ""),
        ("settings = {'app:x' = 'y'}", "settings has 'app:x', wanted module:object.attribute", ""),
        ("cache_clear = ['app.get']", "cache_clear has 'app.get', wanted module:function", ""),
        ("keep = 'yes'", "keep is 'yes', wanted one of never, failed, always", ""),
    ],
)
def test_what_can_not_be_meant_is_named_with_its_table(tmp_path: Path, table: str, fact: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        read(tmp_path, f"[tool.ci-tools.isolation]\n{table}")
    where = f"{tmp_path}/pyproject.toml: [tool.ci-tools.isolation] "
    assert (raised.value.fact, raised.value.hint) == (where + fact, hint)


@pytest.mark.parametrize(
    ("table", "fact"),
    [
        ("B = {create = true}", "databases] has no key 'B'"),
        ("C = {create = true}", "databases] has no key 'C'"),
        ("A = {template = 'x'}", "databases.A] template is for a database that is created"),
        ("A = true", "databases.A] is True, wanted a table"),
    ],
)
def test_only_a_database_with_a_url_can_be_created(tmp_path: Path, table: str, fact: str) -> None:
    env = "[tool.ci-tools.isolation]\nenv = {A = 'db-url', C = 'dir'}\n[tool.ci-tools.isolation.databases]\n"
    with pytest.raises(UsageError) as raised:
        read(tmp_path, env + table)
    assert fact in raised.value.fact


@pytest.mark.parametrize("usd", ["5.00", '"-1"', '"five"', '"NaN"'])
def test_a_budget_is_dollars_as_text(tmp_path: Path, usd: str) -> None:
    with pytest.raises(UsageError, match="wanted dollars as text"):
        read(tmp_path, f"[tool.ci-tools.cost]\nbudget_usd = {usd}")


@pytest.mark.parametrize("text", ["[tool.ci-tools", "tool = 'ci-tools'\n[tool.ci-tools]"])
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(CiToolsError, match=r"pyproject\.toml: not TOML: "):
        read(tmp_path, text)


def test_a_tool_that_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\[tool\.ci-tools\] is 1, wanted a table"):
        read(tmp_path, "[tool]\nci-tools = 1")


EXAMPLES = [
    (path.name, text)
    for path in sorted((Path(__file__).parents[2] / "docs").rglob("*.md"))
    for text in re.findall(r"^```toml\n(.*?)^```$", path.read_text(), re.M | re.S)
    if "ci-tools.isolation" in text or "ci-tools.cost" in text
]


@pytest.mark.parametrize(("page", "text"), EXAMPLES, ids=[page for page, _ in EXAMPLES])
def test_every_table_on_a_page_is_read(tmp_path: Path, page: str, text: str) -> None:
    assert read(tmp_path, text) != Project()


def test_every_key_is_on_the_page_of_isolation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "isolation.md").read_text()
    keys = [field.name for kind in (Isolation, Database) for field in fields(kind)]
    assert [key for key in keys if not re.search(rf"^\| `(databases\.….)?{key}`", page, re.M)] == []
