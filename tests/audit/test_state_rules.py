"""What the rules about state, processes and time say (CIT004, CIT201 to CIT601); where, the corpus tells."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from audit.suites import suite_of

from ci_tools.audit.rules import check_of

# What a test file has, and what is found in it: the rule, the axis, the severity, the fact.
SAYS = {
    """
    import tempfile
    def test_x():
        tempfile.mkdtemp()
    """: (
        "CIT004",
        "X",
        "note",
        "`tempfile.mkdtemp` makes a directory that pytest would make, keep for a look and clear away",
    ),
    """
    calls = []
    def test_x():
        calls.append(1)
    def test_y():
        assert not calls
    """: ("CIT201", "O", "medium", "changes `test_x.calls` for all tests that follow in the same worker"),
    """
    import json
    def test_x():
        before = json.loads
        json.loads = lambda text: {}
        assert json.loads("") == {}
        json.loads = before
    """: ("CIT201", "O", "low", "changes `json.loads`, and puts it back only if the test passes"),
    """
    import os
    def test_x():
        os.environ["A"] = "1"
    """: ("CIT202", "O", "medium", "sets environment variable 'A' and leaves it so"),
    """
    import os
    def test_x():
        os.environ["A"] = "1"
        del os.environ["A"]
    """: ("CIT202", "O", "low", "sets environment variable 'A', and puts it back only if the test passes"),
    """
    import os
    os.environ["A"] = "1"
    """: ("CIT202", "O", "note", "sets environment variable 'A' when the file is imported"),
    """
    import os
    def test_x(tmp_path):
        os.chdir(tmp_path)
    """: ("CIT203", "O", "medium", "changes the working directory of all tests that follow in the same worker"),
    """
    import random
    def test_x():
        send([random.random()])
        assert send([1]) == 1
    """: ("CIT503", "T", "note", "`random.random` draws other numbers in each run: a failure can't be repeated"),
    """
    import random
    def test_x():
        drawn = []
        for number in [random.random()]:
            drawn.append(2 * number)
        assert sum(drawn) < 2
    """: ("CIT503", "T", "low", "`random.random` draws other numbers in each run: a failure can't be repeated"),
    """
    class Mode:
        PLAIN = "plain"
        now = PLAIN
    def test_x():
        Mode.now = "other"
        assert Mode.now == "other"
        Mode.now = Mode.PLAIN
    def test_y():
        assert Mode.now == "plain"
    """: ("CIT201", "O", "low", "changes `test_x.Mode.now`, and puts it back only if the test passes"),
    """
    import os
    def test_x(tmp_path):
        before = os.getcwd()
        os.chdir(tmp_path)
        os.chdir(before)
    """: ("CIT203", "O", "low", "changes the working directory, and puts it back only if the test passes"),
    """
    import os
    def test_x(tmp_path):
        before = os.getcwd()
        os.chdir(tmp_path)
        try:
            assert True
        finally:
            os.chdir(before)
    """: ("CIT203", "O", "note", "changes the working directory and puts it back by hand"),
    """
    import os
    def test_x():
        os.umask(0)
    """: ("CIT204", "O", "medium", "changes the umask for all tests that follow in the same worker"),
    """
    import sys
    def test_x():
        sys.modules.pop("yaml", None)
    """: ("CIT204", "O", "low", "changes `sys.modules` for all tests that follow in the same worker"),
    """
    import os
    def test_x(monkeypatch):
        monkeypatch.delenv("A", raising=False)
        os.environ.setdefault("A", "1")
    """: ("CIT205", "O", "note", "puts 'A' back only if it was there; what sets it later stays"),
    """
    import multiprocessing
    def test_x():
        def work(): ...
        multiprocessing.Process(target=work).start()
    """: (
        "CIT401",
        "S",
        "high",
        "hands the nested function `work` to another process: `spawn` and `forkserver` can't pickle it",
    ),
    """
    import multiprocessing
    def test_x():
        multiprocessing.Pool().map(lambda n: n, [1])
    """: ("CIT401", "S", "high", "hands a lambda to another process: `spawn` and `forkserver` can't pickle it"),
    """
    import json
    def spend(path, lock):
        money = json.loads(path.read_text())
        with lock:
            if money > 3:
                path.write_text("0")
    """: (
        "CIT402",
        "X",
        "high",
        "decides under the lock by `money`, which was read from a file before the lock was taken",
    ),
    """
    import os
    def test_x():
        os.fork()
    """: ("CIT403", "S", "medium", "calls `os.fork`, in a worker that has threads"),
    """
    import subprocess
    def test_x():
        subprocess.Popen(["/usr/bin/uvicorn", "app:app", "--port", "8000"])
    """: ("CIT404", "X", "medium", "starts `uvicorn` with port 8000, which every worker would take"),
    """
    import subprocess
    def test_x():
        subprocess.Popen("nginx --pid-file=x --pidfile /run/x.pid", shell=True)
    """: ("CIT404", "X", "medium", "starts `nginx` with pid file '/run/x.pid', which every worker would take"),
    """
    import threading, time
    def test_x():
        done = []
        threading.Thread(target=done.append, args=(1,)).start()
        time.sleep(0.5)
        assert done
        time.sleep(1)
        assert done
    """: (
        "CIT501",
        "T",
        "low",
        "sleeps 0.5 s, then expects what runs beside to be done (1 more sleep in this test)",
    ),
    """
    from datetime import datetime
    def test_x():
        datetime.utcnow()
    """: ("CIT502", "T", "low", "`utcnow` gives a time without a zone, and is deprecated"),
    """
    import random
    def test_x():
        assert random.random() < 1
    """: ("CIT503", "T", "low", "`random.random` draws other numbers in each run: a failure can't be repeated"),
    """
    from datetime import date
    def test_x(report):
        assert report.day == date.today()
    """: (
        "CIT504",
        "T",
        "low",
        "expects what `date.today` says, which the code under test has read at another moment",
    ),
    """
    def test_x():
        assert list({"a", "b"}) == ["a", "b"]
    """: ("CIT505", "T", "low", "expects an order of a set, which has none"),
    """
    import requests
    def test_x():
        requests.get("https://api.example.com/zen")
    """: ("CIT601", "T", "medium", "calls api.example.com, with no mock, cassette or mark"),
    """
    import requests
    def test_x():
        requests.post("https://api.example.com/zen")
    """: ("CIT601", "X", "medium", "calls api.example.com, with no mock, cassette or mark"),
}


@pytest.mark.parametrize(("text", "said"), SAYS.items(), ids=[said[0] for said in SAYS.values()])
def test_a_rule_says_what_it_has_found(text: str, said: tuple[str, str, str, str], tmp_path: Path) -> None:
    suite = suite_of(tmp_path, {"test_x.py": dedent(text)})
    found = list(check_of(said[0])(suite))
    assert [(said[0], f.axis.value, f.severity.value, f.fact) for f in found] == [said]


def test_a_total_that_is_read_at_the_end_breaks_across_workers(tmp_path: Path) -> None:
    """Each worker has a total of its own; the controller, which prints it, has none."""
    conftest = """
    total = 0
    def add(cents):
        global total
        total += cents
    def pytest_sessionfinish():
        print(total)
    """
    test = """
    from conftest import add
    def test_x():
        add(3)
    """
    suite = suite_of(tmp_path, {"conftest.py": dedent(conftest), "test_x.py": dedent(test)})
    said = (
        "adds to `conftest.total`, which `pytest_sessionfinish` reads: each worker has one of its own, the controller"
    )
    assert [(f.axis.value, f.fact) for f in check_of("CIT201")(suite)] == [("X", f"{said} none")]


def test_a_file_that_nobody_tests_is_no_suite_of_ours(tmp_path: Path) -> None:
    """The rules run over nothing at all."""
    suite = suite_of(tmp_path, {"README.txt": ""})
    assert [list(check_of(rule)(suite)) for rule, *_ in SAYS.values()] == [[] for _ in SAYS]
