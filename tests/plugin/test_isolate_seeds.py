"""What workers do to each other when they share a place: with the plugin each has its own, without it tests fail.

Nothing depends on luck: two workers meet before each step that would hurt the other.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from project import PYTEST, Project

from ci_tools.store.ports import leased_ports

APP = {
    "app/__init__.py": "",
    "app/config.py": """
        import functools, os, pathlib
        class Settings:
            sessions_dir = pathlib.Path("data/sessions").absolute()
        settings = Settings()
        @functools.lru_cache
        def database():
            return os.environ["DATABASE_URL"].removeprefix("sqlite:///")
        """,
    "app/sessions.py": """
        import shutil
        from app.config import settings  # bound when imported: who rebinds app.config.settings doesn't reach it
        def create(name):
            settings.sessions_dir.mkdir(parents=True, exist_ok=True)
            (settings.sessions_dir / name).write_text(name)
        def read(name):
            return (settings.sessions_dir / name).read_text()
        def clean_up():
            shutil.rmtree(settings.sessions_dir)
        """,
    "tests/conftest.py": """
        import os, pathlib, sys, time, pytest
        sys.path.insert(0, os.getcwd())
        from app import config
        AT_IMPORT = config.database()
        @pytest.fixture
        def meet(request):
            me = pathlib.Path(request.node.path).stem
            def meet(step):
                for name in ("test_one", "test_other"):
                    place = pathlib.Path(os.environ["MEETING"], f"{request.node.name}-{step}-{name}")
                    if name == me:
                        place.touch()
                deadline_s = time.monotonic() + 60
                while len(list(pathlib.Path(os.environ["MEETING"]).glob(f"{request.node.name}-{step}-*"))) < 2:
                    assert time.monotonic() < deadline_s, "the other worker doesn't come"
                    time.sleep(0.005)
            return meet
        """,
}
TESTS = """
    import os, pathlib, socket, sqlite3, contextlib, pytest
    from app import config, sessions
    ME = pathlib.Path(__file__).stem

    def test_sessions_that_another_worker_cleans_up(meet):
        sessions.create("session-of-" + ME)
        meet("created")
        if ME == "test_one":
            sessions.clean_up()
        meet("cleaned")
        if ME == "test_other":
            assert sessions.read("session-of-" + ME)

    def test_a_setting_of_the_singleton(meet):
        sessions.create("latest")
        for writer in ("test_one", "test_other"):
            meet("before " + writer)
            if ME == writer:
                (config.settings.sessions_dir / "latest").write_text(ME)
        meet("written")
        assert sessions.read("latest") == ME

    def test_rows_of_one_sqlite_file(meet):
        with contextlib.closing(sqlite3.connect(config.database(), timeout=60, isolation_level=None)) as database:
            database.execute("CREATE TABLE IF NOT EXISTS users (name TEXT)")
            meet("created")
            database.execute("INSERT INTO users VALUES (?)", [ME])
            meet("inserted")
            assert list(database.execute("SELECT name FROM users")) == [(ME,)]

    def test_a_relative_sqlite_file_after_chdir(tmp_path, monkeypatch):
        with contextlib.closing(sqlite3.connect(config.database(), timeout=60, isolation_level=None)) as database:
            database.execute(f"CREATE TABLE {ME} (name TEXT)")
        monkeypatch.chdir(tmp_path)
        with contextlib.closing(sqlite3.connect(config.database())) as database:
            assert list(database.execute(f"SELECT * FROM {ME}")) == []

    def test_a_fixed_port(meet):
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(socket.create_server(("127.0.0.1", int(os.environ["PORT"]))))
            finally:
                meet("bound")
                meet("seen")

    def test_a_directory_from_the_environment(meet):
        data = pathlib.Path(os.environ["DATA_DIR"])
        data.mkdir(exist_ok=True)
        (data / ME).touch()
        meet("written")
        assert [path.name for path in data.iterdir()] == [ME]
    """
TABLE = """
    [tool.ci-tools.isolation]
    env = {DATABASE_URL = "db-url", DATA_DIR = "dir", PORT = "port"}
    settings = {"app.config:settings.sessions_dir" = "{worker_dir}/sessions"}
    cache_clear = ["app.config:database"]
    strict = true
    """
FAILS = {
    "test_sessions_that_another_worker_cleans_up": {"test_other"},
    "test_a_setting_of_the_singleton": {"test_one"},
    "test_rows_of_one_sqlite_file": {"test_one", "test_other"},
    "test_a_relative_sqlite_file_after_chdir": {"test_one", "test_other"},
    "test_a_fixed_port": {"test_one", "test_other"},
    "test_a_directory_from_the_environment": {"test_one", "test_other"},
}


@pytest.fixture
def suite(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    for path, text in APP.items():
        project.write_path(path, text)
    project.write(tests__test_one=TESTS, tests__test_other=TESTS)
    project.write_path("pyproject.toml", TABLE)
    monkeypatch.setenv("CI_TOOLS_HOST_DIR", str(project.root / "host"))
    monkeypatch.setenv("DATABASE_URL", "sqlite:///app.db")
    monkeypatch.setenv("DATA_DIR", str(project.root / "shared"))
    return project


def failures(root: Path, *words: str) -> dict[str, set[str]]:
    """Run the suite in two workers, a file in each; return which tests failed in which files."""
    (root / "meeting").mkdir()
    with leased_ports(1) as (port,):
        done = subprocess.run(
            [*PYTEST, "-n2", "--dist", "loadfile", "-rf", *words],
            cwd=root,
            env={**os.environ, "PORT": str(port), "MEETING": str(root / "meeting")},
            capture_output=True,
            text=True,
            timeout=300,
        )
    found: dict[str, set[str]] = {}
    for file, name in re.findall(r"^FAILED tests/(\w+)\.py::(\w+)", done.stdout, re.M):
        found.setdefault(name, set()).add(file)
    assert re.search(r"\d+ (passed|failed)", done.stdout), done.stdout + done.stderr
    assert not [name for name in re.findall(r"doesn't come", done.stdout) if name], done.stdout
    return found


def test_what_workers_share_they_break_without_the_plugin(suite: Project) -> None:
    found = failures(suite.root, "-p", "no:ci_tools.plugin")
    port = found.pop("test_a_fixed_port")
    assert len(port) == 1  # whoever comes second
    assert found == {name: files for name, files in FAILS.items() if name != "test_a_fixed_port"}


def test_with_the_table_each_worker_has_its_own(suite: Project) -> None:
    assert failures(suite.root) == {}
    assert sorted(path.name for path in suite.root.iterdir() if path.suffix == ".db" or path.name == "data") == []
    assert [path.name for path in (suite.root / "host").iterdir() if len(path.name) == 8] == []
