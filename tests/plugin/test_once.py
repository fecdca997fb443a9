"""`once`: built by one worker for all, torn down by whoever is last, and never waited for in vain."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from project import Project

CONFTEST = """
import os
from pathlib import Path

def note(*words):
    with open("trace", "a") as file:
        file.write(" ".join(words) + "\\n")

def stop(address):
    note("stop", address["host"])

def build():
    note("build")
    return {"host": "db.example", "port": 5432}

@__import__("pytest").fixture(scope="session")
def server(once):
    return once("server", build, stop)
"""


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CI_TOOLS_HOST_DIR", str(tmp_path / "host"))
    return tmp_path / "host"


def trace(project: Project) -> list[str]:
    return (project.root / "trace").read_text().splitlines()


@pytest.mark.parametrize("n", ["0", "3"])
def test_it_is_built_once_and_torn_down_when_the_last_worker_has_left(project: Project, host: Path, n: str) -> None:
    project.write(
        conftest=CONFTEST,
        test_a="""
        import pytest
        from conftest import note
        @pytest.mark.parametrize("n", range(6))
        def test_server(server, n):
            assert server == {"host": "db.example", "port": 5432}
            note("test")
        """,
    )
    code, output = project.pytest("-n", n)
    assert code == 0, output
    assert trace(project) == ["build", *["test"] * 6, "stop db.example"]
    assert list(host.glob("*/")) == []


def test_what_was_built_last_is_torn_down_first(project: Project) -> None:
    project.write(
        conftest=CONFTEST,
        test_a="""
        from conftest import note
        def stop(name): note("stop", name)
        def test_two(once):
            def schema(): return "schema of " + once("database", lambda: "database", stop)
            assert once("schema", schema, stop) == "schema of database"
            assert once("schema", schema, stop) is once("schema", schema, stop)
        """,
    )
    code, output = project.pytest("-n", "0")
    assert code == 0, output
    assert trace(project) == ["stop schema of database", "stop database"]


def test_a_failed_build_fails_at_once_everywhere_with_its_traceback(project: Project) -> None:
    project.write(
        conftest=CONFTEST,
        test_a="""
        import pytest
        from conftest import note
        def start():
            note("build")
            raise RuntimeError("port in use")
        @pytest.mark.parametrize("n", range(4))
        def test_server(once, n): once("server", start)
        def skip(): pytest.skip("no docker here")
        @pytest.mark.parametrize("n", range(4))
        def test_docker(once, n): once("docker", skip)
        """,
    )
    code, output = project.pytest("-n", "2")
    assert (code, trace(project)) == (1, ["build"]), output
    assert "4 failed, 4 skipped in" in output
    told = re.findall(r"^E +ci_tools\.plugin\.once\.OnceError: (once.*) failed in gw[01]$", output, re.M)
    assert told == ["once('server'): test_a.start"] * 3
    assert len(re.findall(r"^E +RuntimeError: port in use$", output, re.M)) == 4


def test_a_builder_that_is_killed_is_followed_by_the_next(project: Project) -> None:
    project.write(
        conftest=CONFTEST,
        test_a="""
        import os, pytest
        from pathlib import Path
        from conftest import build, stop
        def die_first():
            try:
                Path("first").touch(exist_ok=False)
            except FileExistsError:
                return build()
            os._exit(1)
        @pytest.mark.parametrize("n", range(4))
        def test_server(once, n): once("server", die_first, stop)
        """,
    )
    code, output = project.pytest("-n", "2")
    assert code == 1 and "1 failed, 3 passed" in output, output
    # A worker that replaces the dead one when the others have left builds it once more.
    assert trace(project) in (["build", "stop db.example"], ["build", "stop db.example"] * 2)


def test_the_controller_tears_down_when_no_worker_lives_to_do_it(project: Project) -> None:
    """With a function of a module that the controller hasn't imported, below a second conftest.py."""
    project.write(
        conftest=CONFTEST,
        sub__conftest="import os",
        sub__test_a="""
        import os
        def stop(value):
            with open("trace", "a") as file:
                file.write(f"stop {value}\\n")
        def test_dies(once):
            once("server", lambda: "here", stop)
            os._exit(1)
        """,
    )
    code, output = project.pytest("-n", "1", "--max-worker-restart", "0")
    assert (code, trace(project)) == (1, ["stop here"]), output


@pytest.mark.parametrize("n", ["0", "2"])
def test_a_teardown_that_fails_is_seen_and_fails_no_test(project: Project, n: str) -> None:
    project.write(
        test_a="""
        def stop(value): raise OSError("it has gone to \\udcff " + value)
        def test_server(once): assert once("server", lambda: "away", stop) == "away"
        """
    )
    code, output = project.pytest("-n", n, "--color=yes")
    assert code == 0, output
    said = r"\x1b\[31mxdist-ci: error: once\('server'\): test_a\.stop could not tear it down, in (main|gw[01])"
    assert re.search(said, output), output
    assert "OSError: it has gone to \\udcff away" in output and "DumpError" not in output


def test_what_cannot_be_shared_or_torn_down_by_others_is_refused(project: Project) -> None:
    project.write(
        conftest=CONFTEST,
        test_a="""
        import functools, os, shutil
        import pytest
        from conftest import build, note, stop

        def test_lambda(once): once("a", build, lambda value: None)
        def test_nested(once):
            def end(value): pass
            once("b", build, end)
        def test_partial_of_nested(once): once("c", build, functools.partial(lambda value: None))
        class Lock:
            def __reduce__(self): raise TypeError("no lock is")
        def undo(lock): note("undo")
        def test_value(once): once("d", Lock, undo)
        def test_another_build(once):
            once("e", build)
            once._values.clear()
            once("e", os.getcwd)
        def test_of_itself(once):
            def again(): return once("f", again)
            once("f", again)
        def made(): os.mkdir("made"); return "made"
        def test_right(once): assert once("g", made, shutil.rmtree) == "made"
        """,
    )
    code, output = project.pytest("-n", "0")
    assert (code, trace(project), (project.root / "made").exists()) == (1, ["undo", "build"], False), output
    errors = re.findall(r"^E +(?:ci_tools\.[\w.]+Error: )(once.*)$", output, re.M)
    others = "can't be called by another worker"
    assert [re.sub(r" at 0x\w+", "", error) for error in errors] == [
        f"once('a'): its teardown test_a.test_lambda.<locals>.<lambda> {others}",
        f"once('b'): its teardown test_a.test_nested.<locals>.end {others}",
        f"once('c'): its teardown functools.partial(<function test_partial_of_nested.<locals>.<lambda>>) {others}",
        "once('d'): what test_a.Lock returned can't be shared with other workers: no lock is",
        "once('e'): main has built it with conftest.build, not posix.getcwd",
        "once('f'): its own build asks for it",
    ]
