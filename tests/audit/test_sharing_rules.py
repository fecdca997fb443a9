"""What the rules about shared things say (CIT001 to CIT105, CIT301 to CIT303); where they say it, the corpus tells."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from audit.suites import suite_of

from ci_tools.audit.rules import check_of
from ci_tools.audit.rules.cit102_fixed_port import Reference, references

# What a conftest has, and what is found in it: the rule, the severity, the fact.
SAYS = {
    """
    def pytest_sessionfinish():
        open("out.txt", "w")
    """: ("CIT001", "high", "writes to 'out.txt', a path that every worker has"),
    """
    import shutil, pytest
    @pytest.fixture(autouse=True)
    def clean():
        shutil.rmtree("sessions")
    """: ("CIT002", "high", "deletes 'sessions' and all below it around every test: other workers have it, too"),
    """
    import os, pytest
    @pytest.fixture(scope="session")
    def clean():
        for name in os.listdir("sessions"):
            os.remove(os.path.join("sessions", name))
    """: ("CIT002", "high", "deletes everything at 'sessions/*' whenever a worker starts: other workers have it, too"),
    """
    import subprocess
    def pytest_sessionstart():
        subprocess.run(["rm", "-rf", "build"])
    """: ("CIT002", "high", "deletes 'build' and all below it: other workers have it, too"),
    """
    import os
    def pytest_sessionstart():
        os.mkdir("/tmp/app")
    """: ("CIT003", "high", "writes to '/tmp/app', a name that every worker and every run on the machine has"),
    """
    import tempfile
    def pytest_sessionstart():
        tempfile.mktemp()
    """: ("CIT003", "note", "`tempfile.mktemp()` gives a name that another process can take before the file is there"),
    """
    import pytest
    @pytest.fixture(params={"a", "b"})
    def letter(request): ...
    """: (
        "CIT101",
        "high",
        "the order of these parameters is another in every process: workers may collect different tests",
    ),
    """
    import os, pytest
    @pytest.fixture(params=os.listdir("data"))
    def name(request): ...
    """: (
        "CIT101",
        "medium",
        "the order of these parameters is the file system's: workers may collect different tests",
    ),
    """
    import random, pytest
    @pytest.fixture(params=[random.random()])
    def number(request): ...
    """: (
        "CIT101",
        "high",
        "a parameter is another value in every process, and its id with it: workers collect different tests",
    ),
    """
    import socket
    def pytest_sessionstart():
        socket.create_server(("", 8080))
    """: ("CIT102", "high", "binds port 8080, which the machine has once"),
    """
    import sqlalchemy
    def pytest_sessionstart():
        sqlalchemy.create_engine("postgresql://app:secret@db/app")
    """: ("CIT103", "high", "opens the database 'postgresql://db/app', which every worker has"),
    """
    import os, sqlite3
    def pytest_sessionstart():
        sqlite3.connect(os.environ.get("DB", "app.db"))
    """: ("CIT103", "medium", "opens the database 'app.db', which every worker has by default"),
    """
    import redis
    def pytest_sessionstart():
        redis.Redis().flushall()
    """: ("CIT103", "high", "empties the Redis database, which every worker has"),
    """
    import pytest, subprocess
    @pytest.fixture(scope="session")
    def assets():
        subprocess.run("npm run build", shell=True)
    """: (
        "CIT104",
        "medium",
        "runs `npm run build` in each worker: a session fixture is set up once per worker, not once per run",
    ),
    """
    import os, glob
    def pytest_sessionfinish():
        max(glob.glob("logs/*"), key=os.path.getmtime)
    """: ("CIT105", "medium", "takes the newest of 'logs/*', where every worker may write"),
    """
    import pytest
    @pytest.fixture(scope="session")
    def data(tmp_path): ...
    """: (
        "CIT301",
        "high",
        "the session fixture `data` asks for `tmp_path`, which has function scope: ScopeMismatch",
    ),
    """
    import os
    def pytest_configure_node(node):
        os.environ["DB"] = node.gateway.id
    """: (
        "CIT302",
        "high",
        "sets an environment variable in the controller: the worker is running already and never sees it",
    ),
    """
    import os
    def pytest_sessionstart():
        os.environ["CACHE_DIR"] = "cache"
    """: (
        "CIT302",
        "high",
        "sets CACHE_DIR to the same value in every worker, after the conftests have imported the application",
    ),
    """
    import os, pytest
    def pytest_runtest_setup(item):
        if "PYTEST_XDIST_WORKER" in os.environ:
            pytest.skip("not now")
    """: ("CIT303", "high", "skips in every worker: where tests run in parallel, this one runs nowhere"),
}


@pytest.mark.parametrize(("text", "said"), SAYS.items(), ids=[f"{s[0]}-{n}" for n, s in enumerate(SAYS.values())])
def test_a_rule_names_the_thing_and_how_bad_it_is(text: str, said: tuple[str, str, str], tmp_path: Path) -> None:
    suite = suite_of(tmp_path, {"conftest.py": text, "test_a.py": "def test_a(): ..."})
    rule, severity, fact = said
    findings = list(check_of(rule)(suite))
    assert [(f.severity.value, f.fact) for f in findings] == [(severity, fact)]
    assert all(f.fix for f in findings)


def test_a_password_in_a_database_s_url_is_not_repeated(tmp_path: Path) -> None:
    text = "import os\ndef pytest_sessionstart():\n    os.environ['DATABASE_URL'] = 'mysql://me:s3cret@db/app'\n"
    suite = suite_of(tmp_path, {"conftest.py": text, "test_a.py": "def test_a(): ..."})
    findings = [f for rule in ("CIT103", "CIT302") for f in check_of(rule)(suite)]
    assert [f.fact for f in findings if "s3cret" in f.fact + f.fix] == []
    assert len(findings) == 2


def test_ports_that_are_only_mentioned_are_listed_apart_from_those_that_are_bound(tmp_path: Path) -> None:
    text = dedent(
        """
        import socket
        PORT = 9000
        ORIGINS = ["http://localhost:3000", "http://127.0.0.1:5173/x", "10:20:30", "version 1:8000"]

        def test_a(client):
            config = {"port": 8080, "timeout": 5000}
            client.get("https://example.org:8443/a", port=7000, size=4096)
            assert config["port"] == 8080
            socket.socket().bind(("localhost", 6000))
            socket.create_server(address=("localhost", PORT))
            client.port = 6500
        """
    )
    suite = suite_of(tmp_path, {"test_a.py": text, "app.py": "PORT = 1234"})
    assert [(r.path, r.line, r.port) for r in references(suite)] == [
        ("test_a.py", 3, 9000),
        ("test_a.py", 4, 3000),
        ("test_a.py", 4, 5173),
        ("test_a.py", 7, 8080),
        ("test_a.py", 8, 7000),
        ("test_a.py", 8, 8443),
        ("test_a.py", 12, 6500),
    ]
    assert [f.fact for f in check_of("CIT102")(suite)] == [
        "binds port 6000, which the machine has once",
        "binds port 9000, which the machine has once",
    ]
    assert references(suite)[0] == Reference("test_a.py", 3, 9000)
