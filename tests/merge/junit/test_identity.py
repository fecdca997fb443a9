"""Node ids recovered from JUnit: equal to pytest's own, or called unresolved."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import nodeids

from ci_tools.merge.junit.find import checkout_files, read_all
from ci_tools.merge.junit.identity import NodeIds, address

AMBIGUOUS = ("a/test_x.py", "a/test_x/TestT.py")


@pytest.mark.parametrize(
    ("files", "classname", "file", "expected"),
    [
        (["tests/test_a.py"], "tests.test_a", "", "tests/test_a.py::t"),
        (["tests/test_a.py"], "tests.test_a.T.U", "", "tests/test_a.py::T::U::t"),
        (["v1.0/test_a.py"], "v1.0.test_a.T", "", "v1.0/test_a.py::T::t"),
        (["docs/a.txt"], "docs.a.txt", "", "docs/a.txt::t"),
        (["a/test_x/TestT.py"], "a.test_x.TestT", "", "a/test_x/TestT.py::t"),
        (AMBIGUOUS, "a.test_x.TestT", "", "a.test_x.TestT::t"),
        (AMBIGUOUS, "a.test_x.TestT", "a/test_x.py", "a/test_x.py::TestT::t"),
        (["a.b/test_c.py", "a/b.test_c.py"], "a.b.test_c", "", "a.b.test_c::t"),
        (["sub/test_a.py"], "py3.11.sub.test_a.T", "", "sub/test_a.py::T::t"),
        (["sub/test_a.py", "test_a.py"], "py3.sub.test_a", "", "py3.sub.test_a::t"),
        (["setup.py"], "com.example.setup", "", "com.example.setup::t"),
        ([], "tests.test_a", "", "tests.test_a::t"),
        ([], "tests.test_a.T", "tests/test_a.py", "tests/test_a.py::T::t"),
        ([], "py3.tests.test_a.T", "tests/test_a.py", "tests/test_a.py::T::t"),
        ([], "tests.test_a.T", "./tests/test_a.py", "tests/test_a.py::T::t"),
        ([], "tests.test_a.T", "tests\\test_a.py", "tests/test_a.py::T::t"),
        ([], "tests.test_a.T", "lib/base.py", "tests.test_a.T::t"),
        (["tests/test_a.py"], "tests.test_a.T", "lib/base.py", "tests/test_a.py::T::t"),
        (["tests/test_a.py"], "tests.test_a.T", "../lib/base.py", "tests/test_a.py::T::t"),
        (["tests/test_a.py"], "test_a.T", "/home/runner/tests/test_a.py", "tests/test_a.py::T::t"),
        (["tests/test_a.py", "test_a.py"], "q.T", "/home/runner/tests/test_a.py", "q.T::t"),
        ([], "T", "tests/test_a.py", "tests/test_a.py::T::t"),
        ([], "", "tests/test_a.py", "tests/test_a.py::t"),
        (["src/a.test.ts"], "src/a.test.ts", "", "src/a.test.ts::t"),
        (["tests/test_a.py"], "tests.test_a." + "x." * 200_000, "", "tests.test_a." + "x." * 200_000 + "::t"),
    ],
)
def test_the_longest_certain_path_is_the_file(files: list[str], classname: str, file: str, expected: str) -> None:
    assert NodeIds(files).of(classname, "t", file) == expected


def test_what_is_not_certain_is_named_and_left_as_it_is() -> None:
    ids = NodeIds(AMBIGUOUS)
    assert ids.of("a.test_x.TestT", "test_y") == "a.test_x.TestT::test_y"
    assert ids.of("a.test_x", "test_y") == "a/test_x.py::test_y"
    assert ids.unresolved == {"a.test_x.TestT"}


def test_a_known_test_decides_between_two_files() -> None:
    ids = NodeIds(AMBIGUOUS, known=["a/test_x.py::TestT::test_y[1]"])
    assert ids.of("a.test_x.TestT", "test_y[1]") == "a/test_x.py::TestT::test_y[1]"
    assert ids.unresolved == set()
    both = NodeIds(AMBIGUOUS, known=["a/test_x.py::TestT::test_y", "a/test_x/TestT.py::test_y"])
    assert both.of("a.test_x.TestT", "test_y") == "a.test_x.TestT::test_y"


@pytest.mark.parametrize(("classname", "name", "expected"), [("a", "", "a"), ("", "t", "t"), ("", "", "")])
def test_a_case_without_a_name_keeps_what_it_has(classname: str, name: str, expected: str) -> None:
    assert NodeIds().of(classname, name) == expected


def test_a_collection_error_is_its_file() -> None:
    ids = NodeIds(["tests/test_a.py", "x/y.py", "x.y.py"])
    assert [ids.file_named(name) for name in ("tests.test_a", "x.y", "gone")] == ["tests/test_a.py", "x.y", "gone"]
    assert ids.unresolved == {"x.y", "gone"}


@given(st.lists(nodeids, unique_by=address))
def test_what_is_known_is_found_again_or_left_unresolved(known: list[str]) -> None:
    ids = NodeIds(known=known)
    for nodeid in known:
        found = ids.of(*address(nodeid))
        assert found == nodeid or address(nodeid)[0] in ids.unresolved


MODULE = '''
import unittest

import pytest

class Base:
    def test_inherited(self): pass

@pytest.mark.parametrize("p", ["::", "[", "a[b", "x]::y[z", "a/b.py::c", "a.b", "", "é", "new\\nline", "<b>", "#x1B"])
def test_p(p): pass

class TestA:
    @pytest.mark.parametrize("p", ["[", "q-1"])
    def test_m(self, p): pass

    class TestInner(Base):
        def test_n(self): assert 0

class TU(unittest.TestCase):
    def test_u(self): pass

def test_z():
    """
    >>> 1
    1
    """
'''
TREE = {
    "test_m.py": MODULE,
    "sub/test_m.py": MODULE.replace("class Base:", "from base import Base\nclass Unused:"),
    "pkg.dotted/test_m.py": MODULE,
    "sub/deep/test_x/TestT.py": "def test_y(): pass\n",
    "a[1]/test_b.py": "def test_a(): pass\n",
    "docs/test_doc.txt": ">>> 1\n1\n",
    "base.py": "class Base:\n    def test_inherited(self): pass\n",
    "conftest.py": (
        "def pytest_collection_finish(session):\n"
        "    open('ids', 'w').write('\\0'.join(i.nodeid for i in session.items))\n"
    ),
}


@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
def test_the_node_ids_of_a_hostile_suite_are_pytests_own(tmp_path: Path, family: str) -> None:
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--doctest-modules",
        "--import-mode=importlib",
    ]
    options = ["-o", f"junit_family={family}", "-o", "python_files=test_*.py TestT.py", "--junit-xml=junit.xml", "."]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run([*command, *options], cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    ids = NodeIds(checkout_files(tmp_path))
    [file] = read_all([tmp_path / "junit.xml"], ids)
    wanted = sorted((tmp_path / "ids").read_text(encoding="utf-8").split("\0"))
    assert sorted(attempt.nodeid for attempt in file.attempts) == wanted
    assert (len(wanted), ids.unresolved, file.problems) == (57, set(), ())


def test_a_class_name_that_fits_nothing_is_looked_up_once() -> None:
    ids = NodeIds(["tests/test_a.py"])
    assert [ids.of("org.example.FooTest", name) for name in "ab"] == [
        "org.example.FooTest::a",
        "org.example.FooTest::b",
    ]
    assert ids.prefixes == {"org.example.FooTest": ""}


def test_a_known_test_without_a_path_names_no_file() -> None:
    """A run recorded without a checkout has such names; they may not stay for ever."""
    ids = NodeIds(["tests/test_a.py"], ["tests.test_a::t"])
    assert (ids.of("tests.test_a", "t"), ids.unresolved) == ("tests/test_a.py::t", set())
