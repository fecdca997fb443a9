"""`[tool.ci-tools.isolation]` in whole runs: when it takes effect, for whom, and what is left of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from project import PYTEST, Project

SHOWS = """
import json, os, pathlib, tempfile
NAMES = ("DATABASE_URL", "DATA_DIR", "CACHE", "TMPDIR", "TEMP", "XDG_CACHE_HOME", "HOME")
def show(to, **more):
    found = {name: os.environ.get(name) for name in NAMES}
    path = pathlib.Path(__file__).with_name(f"{to}.json")
    path.write_text(json.dumps({**found, "tempfile": tempfile.gettempdir(), "pid": os.getpid(), **more}))
"""
TABLE = """
[tool.ci-tools.isolation]
env = {DATABASE_URL = "db-url", DATA_DIR = "dir", CACHE = "{worker_dir}/{run_id}-{shard}-{worker}"}
"""


@pytest.fixture
def suite(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose helper `shows.show(name)` writes name.json; nothing of a worker around these tests."""
    for name in [name for name in os.environ if name.startswith(("PYTEST_", "XDIST_CI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CI_TOOLS_HOST_DIR", str(project.root / "host"))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{project.root}/app.db")
    monkeypatch.setenv("DATA_DIR", "data")
    project.write_path("pyproject.toml", TABLE)
    project.write(shows=SHOWS, conftest="import shows, os\nshows.show('conftest-' + str(os.getpid()))")
    return project


def run(project: Project, *words: str, code: int = 0, **env: str) -> str:
    """Run pytest in the project; return its output."""
    command = [*PYTEST, *words]
    done = subprocess.run(
        command, cwd=project.root, env={**os.environ, **env}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def shown(project: Project, name: str) -> dict[str, Any]:
    return dict(json.loads((project.root / f"{name}.json").read_text()))


def runs(project: Project) -> list[Path]:
    """The directories that runs have left."""
    return [path for path in (project.root / "host").glob("*") if re.fullmatch("[0-9a-f]{8}", path.name)]


def test_a_worker_is_isolated_before_its_conftest_is_imported_and_nothing_is_left(suite: Project) -> None:
    suite.write(
        setting_plugin="""
        import os, pathlib, pytest
        @pytest.hookimpl(tryfirst=True)
        def pytest_load_initial_conftests():  # as pytest-env does
            os.environ["DATABASE_URL"] = f"sqlite:///{pathlib.Path.cwd()}/set.db"
        """,
        test_a="""
        import shows
        def test_a(worker_dir, run_id):
            shows.show("test", dir=str(worker_dir), run=run_id)
        """,
    )
    run(suite, "-p", "setting_plugin", "-n1", PYTHONPATH=str(suite.root))
    found = shown(suite, "test")
    place, id = found.pop("dir"), found.pop("run")
    assert place == f"{suite.root}/host/{id}/gw0"
    url = found.pop("DATABASE_URL")
    assert re.fullmatch(rf"sqlite:///{re.escape(place)}/databases/[0-9a-f]{{8}}/set_{id}_gw0\.db", url)
    tmp = f"{place}/tmp"
    assert found == {
        "DATA_DIR": f"{place}/dirs/DATA_DIR",
        "CACHE": f"{place}/{id}-0-gw0",
        "XDG_CACHE_HOME": f"{place}/cache",
        "HOME": os.environ.get("HOME"),
        "pid": found["pid"],
        **dict.fromkeys(("TMPDIR", "TEMP", "tempfile"), tmp),
    }
    assert shown(suite, f"conftest-{found['pid']}") == {**found, "DATABASE_URL": url}
    assert runs(suite) == []


def test_a_worker_that_replaces_a_crashed_one_has_its_own(suite: Project) -> None:
    suite.write(
        test_a="""
        import os
        def test_a(): os._exit(1)
        def test_b(worker_name): print(worker_name, os.environ["DATA_DIR"])
        """
    )
    said = run(suite, "-n1", "--dist", "load", "-rP", code=1)
    assert re.search(r"^gw1 .*/gw1/dirs/DATA_DIR$", said, re.M)
    assert runs(suite) == []


def test_runs_at_the_same_time_share_nothing(suite: Project) -> None:
    suite.write(
        test_a="""
        import os, pathlib, time, shows
        def test_a():
            shows.show(os.environ["ME"])
            deadline_s = time.monotonic() + 60
            while len(list(pathlib.Path(__file__).parent.glob("run-*.json"))) < 2:
                assert time.monotonic() < deadline_s
                time.sleep(0.01)
        """
    )
    command = [*PYTEST, "-n1", "--dist", "load"]
    both = [subprocess.Popen(command, cwd=suite.root, env={**os.environ, "ME": f"run-{n}"}, stdout=-3) for n in (1, 2)]
    assert [process.wait(60) for process in both] == [0, 0]
    one, other = (shown(suite, f"run-{n}") for n in (1, 2))
    assert [name for name, value in one.items() if value == other[name] and name != "HOME"] == []
    assert runs(suite) == []


def test_a_shard_of_ci_tools_run_has_its_number_in_the_name(suite: Project) -> None:
    suite.write(test_a="import shows\ndef test_a(worker_name): shows.show(worker_name)")
    ran = suite.run("1/1", n="1")
    assert ran.code == 0, ran.output
    assert re.search(r"/app_[0-9a-f]{8}_s1_gw0\.db$", shown(suite, "gw0")["DATABASE_URL"])


def test_without_workers_nothing_is_isolated_unless_always(suite: Project) -> None:
    suite.write(test_a="import shows\ndef test_a(tmp_path): shows.show('test', tmp_path=str(tmp_path))")
    run(suite)
    assert shown(suite, "test")["DATA_DIR"] == "data"
    bare_base = Path(shown(suite, "test")["tmp_path"]).parents[1]
    suite.write_path("pyproject.toml", TABLE + "always = true\nhome = true\n")
    run(suite)
    found = shown(suite, "test")
    assert [Path(found[name]).parts[-2:] for name in ("DATA_DIR", "TMPDIR", "HOME")] == [
        ("dirs", "DATA_DIR"),
        ("main", "tmp"),
        ("main", "home"),
    ]
    assert Path(found["tmp_path"]).parents[1] == bare_base  # where people look after a failure


def test_with_always_the_controller_gives_it_up_before_its_workers_start(suite: Project) -> None:
    suite.write_path("pyproject.toml", TABLE + "always = true\n")
    suite.write(test_a="import shows\ndef test_a(worker_name): shows.show(worker_name)")
    suite.write(
        conftest="import shows\ndef pytest_sessionfinish(session):\n"
        "    if not hasattr(session.config, 'workerinput'): shows.show('controller')"
    )
    run(suite, "-n1")
    controller, worker = shown(suite, "controller"), shown(suite, "gw0")
    assert (controller["DATA_DIR"], controller["DATABASE_URL"]) == ("data", f"sqlite:///{suite.root}/app.db")
    assert controller["TMPDIR"] == os.environ.get("TMPDIR")
    assert re.search(r"/app_[0-9a-f]{8}_gw0\.db$", worker["DATABASE_URL"])  # and not app_…_main_…_gw0


def test_runs_within_one_process_put_everything_back_even_when_a_conftest_fails(suite: Project) -> None:
    suite.write_path(
        "pyproject.toml", TABLE + 'always = true\n[tool.ci-tools.isolation.settings]\n"state:now.where" = "dir"\n'
    )
    suite.write(
        state="class Now: where = 'before'\nnow = Now()\nseen = []",
        test_a="import state, os\ndef test_a(): state.seen.append((state.now.where, os.environ['DATA_DIR']))",
        outer="""
        import os, sys, tempfile
        sys.path.insert(0, os.getcwd())
        import pytest, pathlib, state
        os.environ.pop("PYTEST_CURRENT_TEST", None)  # of the test that started this
        before, tempdir = {**os.environ}, tempfile.gettempdir()
        assert pytest.main(["-q", "-p", "no:cacheprovider"]) == 0
        pathlib.Path("conftest.py").write_text("assert 0")
        assert pytest.main(["-q", "-p", "no:cacheprovider"]) == 4
        ((where, data),) = state.seen
        assert where.endswith("state_now.where") and data.endswith("DATA_DIR"), state.seen
        assert (state.now.where, tempfile.gettempdir(), {**os.environ}) == ("before", tempdir, before)
        assert [finder for finder in sys.meta_path if "ci_tools" in type(finder).__module__] == []
        """,
    )
    done = subprocess.run([sys.executable, "outer.py"], cwd=suite.root, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_pytest_that_a_test_starts_is_a_run_of_its_own(suite: Project) -> None:
    """Within a worker's process too: it isn't a worker, whatever the environment says."""
    suite.write_path("inner/pyproject.toml", TABLE)
    suite.write_path("inner/test_in.py", "def test_in(worker_name): assert worker_name == 'main'")
    suite.write(
        test_a="""
        import os, pytest, shows
        def test_a():
            before = dict(os.environ)
            assert pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir=inner", "inner"]) == 0
            before.pop("PYTEST_CURRENT_TEST"), os.environ.pop("PYTEST_CURRENT_TEST", None)
            assert dict(os.environ) == before
        """
    )
    run(suite, "-n1", "test_a.py")


LOST = "xdist-ci: isolation of DATA_DIR is lost: conftest.py:2 sets it"


def test_a_conftest_that_undoes_it_is_named_with_its_line(suite: Project) -> None:
    suite.write_path("pyproject.toml", TABLE + "always = true\n")
    suite.write(conftest="import os\nos.environ['DATA_DIR'] = '/everybody'", test_a="def test_a(): pass")
    said = run(suite, "-n1")
    assert f"PytestConfigWarning: {LOST}" in said and "1 passed, 1 warning" in said
    said = run(suite, "-n1", "-W", "error", code=4)
    assert LOST in said and "INTERNALERROR" not in said and "Traceback" not in said
    suite.write_path("pyproject.toml", TABLE + "always = true\nstrict = true\n")
    assert f"ERROR: {LOST}\n  hint: take that line away, or DATA_DIR out of the table\n" in run(suite, code=4)


@pytest.mark.parametrize(
    ("url", "table", "fact"),
    [
        ("", "", "DATABASE_URL is not set, so there is no database's URL to change"),
        ("oracle://host/x", "", "DATABASE_URL: wanted the URL of a database, found oracle:…"),
        ("sqlite:///x", '\nsettings = {"nowhere.at_all:x.y" = "z"}', "nowhere.at_all:x.y: there is no such module"),
        (
            "sqlite:///x",
            '\n[tool.ci-tools.isolation.databases.DATABASE_URL]\ncreate=true\ntemplate="t.db"',
            "no such file",
        ),
    ],
)
def test_what_can_not_be_isolated_ends_the_run_with_its_reason(suite: Project, url: str, table: str, fact: str) -> None:
    suite.write_path("pyproject.toml", TABLE + table)
    suite.write(test_a="def test_a(): pass", conftest="import shows")
    said = run(suite, "-n1", code=4, DATABASE_URL=url)
    assert f"{fact}" in said and said.count("hint: ") == 1
    assert "INTERNALERROR" not in said and "Traceback" not in said and "replacing" not in said


def test_a_project_without_the_table_pays_for_nothing(suite: Project) -> None:
    suite.write_path("pyproject.toml", "[tool.other]\n")
    suite.write(test_a="import sys\ndef test_a(): print(sorted(m for m in sys.modules if m.startswith('ci_tools')))")
    said = run(suite, "-rP")
    assert not set(re.findall(r"ci_tools\.(?:plugin\.(\w+)|store\.project)", said)) & {
        "attributes",
        "databases",
        "directories",
        "environment",
        "refuse",
        "sql",
    }
    assert "ci_tools.plugin.isolate" in said and "store.project" not in said
    assert not (suite.root / "host").exists()


def test_a_run_that_failed_keeps_its_directories_and_says_where(suite: Project) -> None:
    suite.write(test_a="def test_a(worker_dir):\n    (worker_dir / 'note').touch()\n    assert 0")
    suite.write_path("pyproject.toml", TABLE + "keep = 'failed'\n")
    said = run(suite, "-n1", code=1)
    (kept,) = runs(suite)
    assert f"xdist-ci: the workers' directories are kept: {kept}\n" in said
    assert (kept / "gw0" / "note").exists() and (kept / "kept").exists()
    suite.write_path("pyproject.toml", "")
    run(suite, "--ci-tools-keep=never", code=1)
    assert runs(suite) == [kept]
    run(suite, "--ci-tools-keep=always", code=1)
    assert len(runs(suite)) == 2


def test_what_a_shard_keeps_is_said_on_its_command_line(suite: Project) -> None:
    suite.write(test_a="def test_a(worker_dir): pass")
    assert suite.run(n="1", options=("--keep", "failed")).code == 0
    assert runs(suite) == []
    output = suite.run("1/1", n="1", options=("--keep", "always", "--attempt", "2")).output
    (kept,) = runs(suite)
    assert f"xdist-ci: the workers' directories are kept: {kept}\n" in output
