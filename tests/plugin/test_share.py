"""What a run without any wish of its own gets, and what it must not notice."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from project import PYTEST, Project

from ci_tools.model.errors import CiToolsError
from ci_tools.plugin.run import Run


@pytest.mark.parametrize("n", ["0", "2"])
def test_fixtures_of_others_that_are_called_like_ours_stay_theirs(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n: str
) -> None:
    (tmp_path / "host").write_text("not a directory: ours would fail")
    monkeypatch.setenv("CI_TOOLS_HOST_DIR", str(tmp_path / "host"))
    project.write(
        theirs="""
        import pytest
        @pytest.fixture(name="cost")
        def another_name(): return "theirs"
        class Plugin:
            @pytest.fixture
            def run_id(self): return "theirs"
        """,
        conftest="""
        import pytest
        pytest_plugins = ["theirs"]
        def pytest_configure(config):
            import theirs
            config.pluginmanager.register(theirs.Plugin())
        @pytest.fixture
        def once(): return "theirs"
        @pytest.fixture(scope="session")
        def worker_name(worker_name): return worker_name + ", ours"
        """,
        test_a="""
        def test_theirs(cost, run_id, once): assert (cost, run_id, once) == ("theirs",) * 3
        def test_ours(worker_name): assert worker_name in ("main, ours", "gw0, ours", "gw1, ours")
        """,
    )
    done = subprocess.run([*PYTEST, "-n", n], cwd=project.cwd, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "2 passed" in done.stdout, done.stdout


def test_a_directory_that_cannot_be_had_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "00000000").write_text("in the way")
    with pytest.raises(CiToolsError, match="00000000: can't be made: File exists"):
        Run(id="00000000", worker="main", _host=tmp_path).open()
