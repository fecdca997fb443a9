"""Tests that replace what we use ourselves, while we use it."""

from __future__ import annotations

import pytest
from project import Project

MOCKS = {
    "os.getpid": "monkeypatch.setattr('os.getpid', lambda: 1234)",
    "os.write": "monkeypatch.setattr('os.write', lambda handle, data: None)",
    "os._exit": "monkeypatch.setattr('os._exit', lambda code: None)",
    "time.time": "monkeypatch.setattr('time.time', iter([1.0, 2.0]).__next__)",
    "time.perf_counter": "monkeypatch.setattr('time.perf_counter', lambda: None)",
    "json.dumps": "monkeypatch.setattr('json.dumps', None); monkeypatch.setattr('json.JSONEncoder', None)",
    "builtins.open": "monkeypatch.setattr('builtins.open', None)",
}


@pytest.mark.parametrize("n", ["0", "1"])
@pytest.mark.parametrize("name", MOCKS)
def test_a_test_that_replaces_it_passes_as_it_does_without_us(project: Project, name: str, n: str) -> None:
    project.write(
        test_a=f"""
        import pytest, time
        @pytest.fixture(autouse=True, scope="module")
        def replaced():
            with pytest.MonkeyPatch.context() as monkeypatch:
                {MOCKS[name]}
                yield
        def test_1(): pass
        def test_2():
            if {name == "time.time"}: assert (time.time(), time.time()) == (1.0, 2.0)
        """
    )
    if name == "time.perf_counter":  # pytest-xdist itself calls it around a test, by its module
        n = "0"
    ran = project.run(n=n)
    assert (ran.code, ran.outcomes) == (0, {"test_a.py::test_1": "passed", "test_a.py::test_2": "passed"}), ran.output
