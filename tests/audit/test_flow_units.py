"""Which units there are, and which fixtures each requests: as pytest itself finds them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from audit.suites import sinks_of, suite_of

from ci_tools.audit.source import read_sources
from ci_tools.audit.steps import Unit, UnitKind
from ci_tools.audit.suite import Suite, build_suite
from ci_tools.plan.pytest_config import PytestConfig

FILES = {
    "pytest.ini": "[pytest]\n",
    "conftest.py": """
        import pytest
        pytest_plugins = ["plugged"]

        @pytest.fixture(scope="session")
        def server(): yield "server"

        @pytest.fixture
        def db(server): return "root"

        @pytest.fixture(autouse=True)
        def always(): pass

        @pytest.fixture(name="renamed")
        def _something(db): pass

        def pytest_configure(config): pass
    """,
    "plugged.py": """
        import pytest

        @pytest.fixture(scope="module", autouse=True)
        def plugged_always(): pass

        @pytest.fixture
        def plugged(plugged_always): pass
    """,
    "pkg/__init__.py": "",
    "pkg/conftest.py": """
        import pytest
        from pkg.shared import imported, late

        @pytest.fixture
        def db(db): return db + "/pkg"
    """,
    "pkg/shared.py": """
        import pytest
        @pytest.fixture
        def imported(request): pass
        @pytest.fixture
        def late(imported): pass
    """,
    "pkg/test_inner.py": """
        import unittest
        from unittest import mock
        import pytest
        from elsewhere import sink

        pytestmark = pytest.mark.usefixtures("plugged")

        def setup_module(): pass
        def teardown_module(module): pass

        def test_plain(db): sink(db)
        async def test_async(renamed): pass
        def test_late(late, tmp_path): pass
        @mock.patch("os.getcwd")
        def test_mocked(getcwd, db): pass
        @pytest.mark.parametrize("db", ["direct"])
        @pytest.mark.slow
        def test_direct(db): pass
        def test_default(x=1): pass
        def helper(): pass

        class Base:
            def test_inherited(self, local): pass

        class TestClass(Base):
            @pytest.fixture
            def local(self): return 1
            @pytest.fixture(autouse=True)
            def own(self, db): pass
            def setup_method(self): self.x = "x"
            def test_method(self, local): sink(self.x)
            class TestInner:
                def test_deep(self): pass

        class TestWithInit:
            def __init__(self): pass
            def test_never(self): pass

        class TestOff:
            __test__ = False
            def test_never(self): pass

        class Case(unittest.TestCase):
            @classmethod
            def setUpClass(cls): cls.y = "y"
            def setUp(self): self.x = self.y + "x"
            def test_case(self): sink(self.x)
    """,
    "test_outer.py": """
        import pytest
        from pkg.test_inner import Case as NotOurs

        @pytest.fixture
        def db(db): return db + "/outer"

        def test_outer(db, renamed): pass
        if True:
            def test_within_if(): pass
    """,
}
CHECKS = "def check_x(): pass\ndef test_x(): pass\nclass CheckA:\n    def check_y(self): pass\n"
PLUGIN = """
import pytest
def pytest_collection_modifyitems(items):
    for item in items:
        if hasattr(item, "fixturenames"):
            print("FIXTURES", item.nodeid, *item.fixturenames)
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    root = tmp_path_factory.mktemp("suite")
    return suite_of(root, {**FILES, "elsewhere.py": "def sink(x): pass\n"})


def unit(suite: Suite, nodeid: str) -> Unit:
    return next(u for u in suite.units if u.nodeid == nodeid)


def test_tests_and_their_fixtures_are_those_of_pytest(tmp_path: Path) -> None:
    found = suite_of(tmp_path, {**FILES, "elsewhere.py": "def sink(x): pass\n", "watch.py": PLUGIN})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "watch", "-W", "ignore"]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)
    ours = {u.name.rpartition(".")[2] for u in found.units if u.kind is UnitKind.FIXTURE} - {"_something"} | {"renamed"}
    theirs = {
        nodeid.partition("[")[0]: set(names.split()) & ours
        for nodeid, names in re.findall(r"^FIXTURES (\S+)(.*)$", done.stdout, re.M)
        if "NotOurs" not in nodeid  # a class that is imported is tested where it stands
    }
    theirs["pkg/test_inner.py::test_direct"].remove("db")  # a parameter of that name
    tests = [u for u in found.units if u.kind is UnitKind.TEST]
    assert done.returncode == 0 and {u.nodeid: set(u.requests) & ours for u in tests} == theirs


def test_fixtures_come_in_the_order_of_set_up_each_once(suite: Suite) -> None:
    test = unit(suite, "pkg/test_inner.py::TestClass::test_method")
    assert [f.nodeid for f in test.fixtures] == [
        "conftest.py::server",
        "pkg/test_inner.py::setup_module",
        "pkg/test_inner.py::teardown_module",
        "plugged.py::plugged_always",
        "pkg/test_inner.py::TestClass.setup_method",
        "conftest.py::always",
        "pkg/test_inner.py::TestClass.own",
        "plugged.py::plugged",
        "pkg/test_inner.py::TestClass.local",
        "pkg/conftest.py::db",
        "conftest.py::db",
    ]


def test_a_fixture_that_overrides_another_is_given_that_one(suite: Suite) -> None:
    assert sinks_of(suite, "::test_plain") == ["const root/pkg"]
    assert unit(suite, "pkg/conftest.py::db").given["db"].nodeid == "conftest.py::db"


def test_what_set_up_sets_is_known_in_the_tests(suite: Suite) -> None:
    assert sinks_of(suite, "::TestClass::test_method") == ["const x"]
    assert sinks_of(suite, "::Case::test_case") == ["const yx"]


def test_marks_are_of_the_test_its_class_and_its_file(suite: Suite) -> None:
    assert unit(suite, "pkg/test_inner.py::test_direct").marks == {"usefixtures", "parametrize", "slow"}


def test_hooks_and_imports_are_units(suite: Suite) -> None:
    kinds = {u.nodeid: u.kind.value for u in suite.units}
    assert kinds["conftest.py::pytest_configure"] == "hook"
    assert kinds["pkg/test_inner.py::Case.setUp"] == "hook"
    assert kinds["pkg/test_inner.py"] == "module"


def test_a_fixture_that_requests_itself_ends_no_audit(tmp_path: Path) -> None:
    text = """
        import pytest
        @pytest.fixture
        def a(b): return b
        @pytest.fixture
        def b(a): return a
        @pytest.fixture
        def c(c): return c
        def test_a(a, c): pass
    """
    suite = suite_of(tmp_path, {"test_a.py": text})
    assert [u.name for u in suite.units if u.kind is UnitKind.TEST] == ["test_a"]


def test_names_of_tests_are_those_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "check_a.py").write_text(
        "def check_x(): pass\ndef test_x(): pass\nclass CheckA:\n    def check_y(self): pass\n"
    )
    config = PytestConfig(
        rootdir=tmp_path,
        paths=(tmp_path,),
        python_files=("check_*.py",),
        python_functions=("check_*",),
        python_classes=("Check",),
    )
    suite = build_suite(read_sources(config), config)
    assert [u.name for u in suite.units if u.kind is UnitKind.TEST] == ["check_x", "CheckA.check_y"]
