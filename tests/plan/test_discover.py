"""`discover` against `pytest --collect-only`: the same files, and never fewer tests than it finds."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from collect_truth import Truth, build, truth

from ci_tools.plan.discover import SourceFile, discover
from ci_tools.plan.pytest_config import find_config
from ci_tools.plan.ties import ties_of

T = "def test_a(): pass\n"
DOCTEST = ">>> 1 + 1\n2\n"
DOCSTRING = '"""Adds.\n\n    >>> 1 + 1\n    2\n"""\n'


@dataclass(frozen=True)
class Case:
    """A project; `files` hold tests, `idle` ones are listed although pytest finds none in them."""

    tree: Mapping[str, str]
    files: Sequence[str]
    idle: Sequence[str] = ()
    arguments: Sequence[str] = ()
    cwd: str = "."


def ini(text: str) -> str:
    return f"[pytest]\n{text}\n"


FILES: dict[str, Case] = {
    "no configuration": Case(
        {"test_a.py": T, "b_test.py": T, "tests/deep/er/test_c.py": T, "tests/helper.py": T, "test.py": T, "x.txt": ""},
        ["b_test.py", "test_a.py", "tests/deep/er/test_c.py"],
    ),
    "files that hold nothing": Case(
        {"test_empty.py": "", "test_none.py": "x = 1\n", "test_a.py": T},
        ["test_a.py"],
        ["test_empty.py", "test_none.py"],
    ),
    "python_files without a slash match names": Case(
        {"pytest.ini": ini("python_files = check_*.py"), "a/check_a.py": T, "a/test_b.py": T, "check_/test_c.py": T},
        ["a/check_a.py"],
    ),
    "python_files with a slash match paths": Case(
        {
            "pytest.ini": ini("python_files = unit/*.py"),
            "a/unit/x.py": T,
            "a/unit/b/y.py": T,
            "unit.py": T,
            "test_b.py": T,
        },
        ["a/unit/b/y.py", "a/unit/x.py"],
    ),
    "python_files that match everything": Case(
        {
            "pytest.ini": ini("python_files = *.py"),
            "a/__init__.py": T,
            "a/b.py": T,
            "conftest.py": T,
            "setup.py": T,
            "a/c.txt": "",
        },
        ["a/__init__.py", "a/b.py", "conftest.py", "setup.py"],
    ),
    "python_files empty": Case({"pytest.ini": ini("python_files ="), "test_a.py": T}, []),
    "norecursedirs by default": Case(
        {f"{name}/test_a.py": T for name in ("build", "dist", ".tox", "venv", "node_modules", "x.egg", "CVS", "_darcs")}
        | {"{arch}/test_a.py": T, "builder/test_a.py": T, "a/build/test_a.py": T, "__pycache__/test_a.py": T},
        ["builder/test_a.py"],
    ),
    "norecursedirs with a path": Case(
        {
            "pytest.ini": ini("norecursedirs = a/skip"),
            "a/skip/test_a.py": T,
            "b/skip/test_b.py": T,
            "build/test_c.py": T,
        },
        ["b/skip/test_b.py", "build/test_c.py"],
    ),
    "norecursedirs doesn't hold for what is named": Case(
        {"build/test_a.py": T, "build/build/test_b.py": T}, ["build/test_a.py"], arguments=["build"]
    ),
    "a hidden file": Case({".test_a.py": T, "test_b.py": T}, ["test_b.py"]),
    "a virtual environment": Case(
        {
            "env/pyvenv.cfg": "",
            "env/test_a.py": T,
            "conda/conda-meta/history": "",
            "conda/test_b.py": T,
            "test_c.py": T,
        },
        ["test_c.py"],
    ),
    "a virtual environment that is wanted": Case(
        {"pytest.ini": ini("addopts = --collect-in-virtualenv"), "env/pyvenv.cfg": "", "env/test_a.py": T},
        ["env/test_a.py"],
    ),
    "--ignore of a file and of a directory": Case(
        {
            "pytest.ini": ini("addopts = --ignore=a/test_a.py --ignore b"),
            "a/test_a.py": T,
            "a/test_b.py": T,
            "b/test_c.py": T,
            "a/b/test_d.py": T,
        },
        ["a/b/test_d.py", "a/test_b.py"],
    ),
    "--ignore-glob": Case(
        {
            "pytest.ini": ini("addopts = --ignore-glob=a/*_slow.py --ignore-glob=*/gen*"),
            "a/test_slow.py": T,
            "a/b/test_b_slow.py": T,
            "a/test_c.py": T,
            "gen/test_d.py": T,
            "a/generated/test_e.py": T,
        },
        ["a/test_c.py", "gen/test_d.py"],
    ),
    "addopts that select tests, or drop a plugin, don't select files": Case(
        {
            "pytest.ini": ini('markers = slow\naddopts = -m "not slow" -k "not x" -p no:doctest'),
            "test_a.py": T,
            "test.txt": DOCTEST,
        },
        ["test_a.py"],
        ["test.txt"],
    ),
    "addopts -o": Case(
        {"pytest.ini": ini("addopts = -o python_files=check_*.py"), "check_a.py": T, "test_b.py": T}, ["check_a.py"]
    ),
    "testpaths": Case(
        {"pytest.ini": ini("testpaths = a* missing"), "a1/test_a.py": T, "a2/test_b.py": T, "b/test_c.py": T},
        ["a1/test_a.py", "a2/test_b.py"],
    ),
    "testpaths of the directory itself": Case(
        {"pytest.ini": ini("testpaths = ."), "a/test_a.py": T, "test_b.py": T}, ["a/test_a.py", "test_b.py"]
    ),
    "testpaths that overlap": Case(
        {"pytest.ini": ini("testpaths = a a/b"), "a/b/test_a.py": T, "a/test_b.py": T}, ["a/b/test_a.py", "a/test_b.py"]
    ),
    "testpaths that name a file python_files doesn't match": Case(
        {"pytest.ini": ini("testpaths = checks.py"), "checks.py": T, "test_b.py": T}, ["checks.py"]
    ),
    "called from a subfolder": Case(
        {"pytest.ini": ini("testpaths = a"), "a/test_a.py": T, "b/c/test_b.py": T}, ["b/c/test_b.py"], cwd="b"
    ),
    "an argument above the current directory": Case(
        {"pytest.ini": "", "a/test_a.py": T, "b/test_b.py": T}, ["a/test_a.py"], arguments=["../a"], cwd="b"
    ),
    "a file as an argument, whatever its name": Case(
        {"checks.py": T, "test_b.py": T}, ["checks.py"], arguments=["checks.py"]
    ),
    "a test as an argument": Case(
        {"a/test_a.py": T, "a/test_b.py": T}, ["a/test_a.py"], arguments=["a/test_a.py::test_a"]
    ),
    "arguments in several trees": Case(
        {"a/test_a.py": T, "b/test_b.py": T, "c/test_c.py": T, "c/d/test_d.py": T},
        ["a/test_a.py", "c/d/test_d.py"],
        arguments=["c/d", "a/test_a.py", "a"],
    ),
    "a text file as an argument": Case(
        {"guide.rst": DOCTEST, "other.rst": DOCTEST}, ["guide.rst"], arguments=["guide.rst"]
    ),
    "doctests in text files": Case(
        {"test_a.txt": DOCTEST, "guide.txt": DOCTEST, "test_b.rst": DOCTEST, "test_none.txt": "plain\n"},
        ["test_a.txt"],
        ["test_none.txt"],
    ),
    "--doctest-glob": Case(
        {
            "pytest.ini": ini("addopts = --doctest-glob=*.md --doctest-glob=doc/*.rst"),
            "a.md": DOCTEST,
            "doc/b.rst": DOCTEST,
        }
        | {"c.rst": DOCTEST, "test_d.txt": DOCTEST},
        ["a.md", "doc/b.rst"],
    ),
    "--doctest-modules": Case(
        {
            "pytest.ini": ini("addopts = --doctest-modules"),
            "src/a.py": DOCSTRING,
            "src/b.py": "x = 1\n",
            "test_c.py": T,
        },
        ["src/a.py", "test_c.py"],
    ),
    "--doctest-modules, an example right behind the quotes": Case(
        {"pytest.ini": ini("addopts = --doctest-modules"), "a.py": 'def f():\n    """>>> 1 + 1\n    2\n    """\n'},
        ["a.py"],
    ),
    "--doctest-modules passes __main__.py and a real setup.py over": Case(
        {"pytest.ini": ini("addopts = --doctest-modules"), "a/__main__.py": DOCSTRING}
        | {"setup.py": DOCSTRING + "import setuptools\n", "b/setup.py": DOCSTRING},
        ["b/setup.py"],
    ),
    "spaces and other alphabets in names": Case(
        {"my tests/test_ä ö.py": T, "测试/test_数.py": T, "a[1]/test_b[2].py": T, "c@d/test_e.py": T},
        ["a[1]/test_b[2].py", "c@d/test_e.py", "my tests/test_ä ö.py", "测试/test_数.py"],
    ),
    "a file that doesn't parse": Case({"test_a.py": T, "test_b.py": "def test_b(:\n"}, ["test_a.py"], ["test_b.py"]),
    "a file that isn't UTF-8": Case({"test_a.py": "# -*- coding: latin-1 -*-\n# \udce9\n" + T}, ["test_a.py"]),
    "a file with a null byte": Case({"test_a.py": T, "test_b.py": "\0" + T}, ["test_a.py"], ["test_b.py"]),
    "symlinks to a directory and to a file": Case(
        {"real/test_a.py": T, "link": "link to real", "test_b.py": "link to real/test_a.py"},
        ["link/test_a.py", "real/test_a.py", "test_b.py"],
    ),
    "symlinks that lead nowhere": Case(
        {"test_a.py": T, "test_b.py": "link to missing.py", "test_c.py": "link to test_c.py", "d": "link to missing"},
        ["test_a.py"],
    ),
    "a directory with a test file's name": Case({"test_a.py/test_b.py": T}, ["test_a.py/test_b.py"]),
    "collect_ignore needs an import: its files are listed all the same": Case(
        {"conftest.py": "collect_ignore = ['test_b.py']\ncollect_ignore_glob = ['*_c.py']\n"}
        | {"test_a.py": T, "test_b.py": T, "test_c.py": T},
        ["test_a.py"],
        ["test_b.py", "test_c.py"],
    ),
    "a nested project's configuration doesn't count": Case(
        {"pytest.ini": "", "a/pytest.ini": ini("python_files = check.py"), "a/check.py": T, "a/test_a.py": T},
        ["a/test_a.py"],
    ),
    "a nested project as an argument": Case(
        {"pytest.ini": "", "a/pytest.ini": ini("python_files = check.py"), "a/check.py": T, "a/test_a.py": T},
        ["check.py"],
        arguments=["a"],
    ),
    "package directories": Case(
        {"a/__init__.py": "", "a/tests/__init__.py": "", "a/tests/test_a.py": T}, ["a/tests/test_a.py"]
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_those_that_pytest_collects(name: str, tmp_path: Path) -> None:
    case = FILES[name]
    root = tmp_path / "project"
    build(root, case.tree)
    cwd = root / case.cwd
    found = truth(case.arguments, cwd=cwd, out=tmp_path / "truth.json")
    config = find_config(case.arguments, cwd=cwd)
    listed = [source.file for source in discover(config)]
    assert (found.config.rootdir, found.files) == (config.rootdir, tuple(sorted(case.files))), found.output
    assert listed == sorted([*case.files, *case.idle])


def test_a_symlink_to_a_directory_above_is_walked_once(tmp_path: Path) -> None:
    """pytest goes round until the system refuses: what it finds there has an owner by its path alone."""
    build(tmp_path, {"a/test_a.py": T, "a/again": "link to ../a", "b/up": "link to .."})
    files = [source.file for source in discover(find_config([], cwd=tmp_path))]
    assert files == ["a/test_a.py"]


def test_an_unreadable_file_is_listed_without_its_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path, {"test_a.py": T, "test_b.py": T})
    (tmp_path / "test_b.py").chmod(0)

    def refuse(path: str, **options: object) -> object:
        if path.endswith("test_b.py"):
            raise PermissionError(13, "Permission denied", path)
        return open(path, **options)  # type: ignore[call-overload]

    monkeypatch.setattr("ci_tools.plan.discover.open", refuse, raising=False)  # root may read anything
    assert discover(find_config([], cwd=tmp_path)) == (
        SourceFile(file="test_a.py", functions=("test_a.py::test_a",)),
        SourceFile(file="test_b.py"),
    )


# -- files that a plugin collects ------------------------------------------------------------


def test_files_with_recorded_tests_count_where_the_walk_meets_them(tmp_path: Path) -> None:
    tree = {"a/case.yaml": "x: 1\n", "a/checks.py": T, "a/other.yaml": "", "build/case.yaml": "", "test_b.py": T}
    build(tmp_path, tree)
    also = {"a/case.yaml", "a/checks.py", "build/case.yaml", "gone.yaml"}
    assert discover(find_config([], cwd=tmp_path), also=also) == (
        SourceFile(file="a/case.yaml"),
        SourceFile(file="a/checks.py"),
        SourceFile(file="test_b.py", functions=("test_b.py::test_a",)),
    )


def test_a_doctest_file_is_one_test(tmp_path: Path) -> None:
    build(tmp_path, {"doc/test_a.txt": DOCTEST})
    assert discover(find_config([], cwd=tmp_path)) == (
        SourceFile(file="doc/test_a.txt", functions=("doc/test_a.txt::test_a.txt",)),
    )


# -- the tests of a file ---------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """A file's text, the functions that pytest finds, and what the scan takes for more."""

    text: str
    functions: Sequence[str]
    surplus: Sequence[str] = ()


SOURCES: dict[str, Source] = {
    "functions": Source(
        "def test_b(): pass\ndef test_a(): pass\ndef helper(): pass\ndef atest(): pass\n", ["test_b", "test_a"]
    ),
    "prefix": Source("def test(): pass\ndef testing(): pass\ndef Test(): pass\n", ["test", "testing"]),
    "classes": Source(
        "class TestA:\n    def test_a(self): pass\n    def helper(self): pass\n\n"
        "class Other:\n    def test_b(self): pass\n",
        ["TestA::test_a"],
    ),
    "nested_classes": Source(
        "class TestA:\n    class TestB:\n        def test_a(self): pass\n    class C:\n        def test_b(self): pass\n"
        "    def test_c(self): pass\n\ndef test_d(): pass\n",
        ["TestA::TestB::test_a", "TestA::test_c", "test_d"],
    ),
    "unittest": Source(
        "import unittest\nclass Numbers(unittest.TestCase):\n    def test_a(self): pass\n    def testB(self): pass\n"
        "    def other(self): pass\n",
        ["Numbers::test_a", "Numbers::testB"],
    ),
    "unittest_async": Source(
        "from unittest import IsolatedAsyncioTestCase\nclass Numbers(IsolatedAsyncioTestCase):\n"
        "    async def test_a(self): pass\n",
        ["Numbers::test_a"],
    ),
    "async_def": Source("async def test_a(): pass\nasync  def  test_b(): pass\n", ["test_a", "test_b"]),
    "decorators": Source(
        "import pytest\n@pytest.mark.skip\n@pytest.mark.parametrize(\n    'x',\n    [1, 2],\n)\ndef test_a(x): pass\n"
        "class TestB:\n    @staticmethod\n    def test_c(): pass\n",
        ["test_a", "TestB::test_c"],
    ),
    "nested_functions": Source(
        "def helper():\n    def test_x(): pass\n\ndef test_a():\n    def test_y(): pass\n    class TestZ:\n"
        "        def test_z(self): pass\n",
        ["test_a"],
    ),
    "nested_functions_in_methods": Source(
        "class TestA:\n    def test_a(self):\n        def test_x(): pass\n    def test_b(self): pass\n",
        ["TestA::test_a", "TestA::test_b"],
    ),
    "conditions": Source("import sys\nif sys.version:\n    def test_a(): pass\n", ["test_a"]),
    "conditions_after_a_function": Source(
        "def helper(): pass\n\nif True:\n    def test_a(): pass\n\ntry:\n    def test_b(): pass\nfinally:\n    pass\n",
        ["test_a", "test_b"],
    ),
    "conditions_after_a_class": Source(
        "class TestA:\n    def test_a(self): pass\n\nif True:\n    def test_b(): pass\n", ["TestA::test_a", "test_b"]
    ),
    "conditions_in_a_class": Source(
        "class TestA:\n    if True:\n        def test_a(self): pass\n    def test_b(self): pass\n",
        ["TestA::test_a", "TestA::test_b"],
    ),
    "docstrings": Source('"""\ndef test_x(): pass\n"""\ndef test_a(): pass\n', ["test_a"]),
    "comments": Source("# def test_x(): pass\n  # class TestY:\ndef test_a(): pass\n", ["test_a"]),
    "windows_lines": Source(
        "class TestA:\r\n    def test_a(self): pass\r\ndef test_b(): pass\r\n", ["TestA::test_a", "test_b"]
    ),
    "byte_order_mark": Source("\ufeffdef test_a(): pass\ndef test_b(): pass\n", ["test_a", "test_b"]),
    "tabs": Source(
        "class TestA:\n\tdef test_a(self): pass\n\tclass TestB:\n\t\tdef test_b(self): pass\n",
        ["TestA::test_a", "TestA::TestB::test_b"],
    ),
    "other_alphabets": Source(
        "def test_ünïcode(): pass\nclass Test数:\n    def test_a(self): pass\n", ["test_ünïcode", "Test数::test_a"]
    ),
    "twice_the_same_name": Source("def test_a(): pass\ndef test_a(): pass\n", ["test_a"]),
    "signature_over_lines": Source("def test_a(\n    tmp_path,\n) -> None:\n    pass\n", ["test_a"]),
    "not_quite_definitions": Source("x = 'def test_x(): pass'\ndeftest_y = 1\ndef test_a(): pass\n", ["test_a"]),
    "empty": Source("", []),
    "class_with_init": Source(
        "class TestA:\n    def __init__(self): pass\n    def test_x(self): pass\n", [], surplus=["TestA::test_x"]
    ),
    "fixtures": Source(
        "import pytest\n@pytest.fixture\ndef test_x(): pass\ndef test_a(): pass\n", ["test_a"], surplus=["test_x"]
    ),
    "not_tests": Source(
        "def test_x(): pass\ntest_x.__test__ = False\ndef test_a(): pass\n", ["test_a"], surplus=["test_x"]
    ),
}


@dataclass(frozen=True)
class Scanned:
    truth: Truth
    sources: Mapping[str, SourceFile]


def scan(root: Path, tree: Mapping[str, str]) -> Scanned:
    build(root / "project", tree)
    cwd = root / "project"
    sources = {source.file: source for source in discover(find_config([], cwd=cwd))}
    return Scanned(truth([], cwd=cwd, out=root / "truth.json"), sources)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    return scan(
        tmp_path_factory.mktemp("scanned"), {f"test_{name}.py": source.text for name, source in SOURCES.items()}
    )


@pytest.mark.parametrize("name", SOURCES)
def test_the_functions_are_those_that_pytest_collects(name: str, scanned: Scanned) -> None:
    source, file = SOURCES[name], f"test_{name}.py"
    by_pytest = {function for function in scanned.truth.functions if function.startswith(f"{file}::")}
    by_scan = scanned.sources[file]
    assert by_pytest == {f"{file}::{function}" for function in source.functions}
    assert set(by_scan.functions) == by_pytest | {f"{file}::{function}" for function in source.surplus}


def test_functions_are_in_the_order_of_the_file(scanned: Scanned) -> None:
    assert scanned.sources["test_nested_classes.py"].functions == (
        "test_nested_classes.py::TestA::TestB::test_a",
        "test_nested_classes.py::TestA::test_c",
        "test_nested_classes.py::test_d",
    )


CONFIGURED = {
    "pytest.ini": ini("python_classes = Check *Suite\npython_functions = check_ *_spec"),
    "test_a.py": "import unittest\ndef check_a(): pass\ndef a_spec(): pass\ndef test_a(): pass\nclass CheckB:\n"
    "    def check_b(self): pass\nclass MySuite:\n    def b_spec(self): pass\n"
    "class TestC:\n    def check_c(self): pass\n",
    "test_unittest.py": "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass\n"
    "    def check_a(self): pass\n",
}


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    return scan(tmp_path_factory.mktemp("configured"), CONFIGURED)


def test_python_classes_and_python_functions_are_prefixes_or_globs(configured: Scanned) -> None:
    by_pytest = [function for function in configured.truth.functions if function.startswith("test_a.py")]
    assert by_pytest == [
        "test_a.py::check_a",
        "test_a.py::a_spec",
        "test_a.py::CheckB::check_b",
        "test_a.py::MySuite::b_spec",
    ]
    assert configured.sources["test_a.py"].functions == tuple(by_pytest)


def test_a_unittest_class_keeps_its_own_prefix_whatever_python_functions_says(configured: Scanned) -> None:
    by_pytest = [function for function in configured.truth.functions if function.startswith("test_unittest.py")]
    assert by_pytest == ["test_unittest.py::A::test_a"]
    assert set(configured.sources["test_unittest.py"].functions) >= set(by_pytest)


# -- xdist groups ----------------------------------------------------------------------------

GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "none": ("def test_a(): pass\n", ()),
    "on a function": ('@pytest.mark.xdist_group("db")\ndef test_a(): pass\n', ("db",)),
    "on an async function": ('@pytest.mark.xdist_group("db")\nasync def test_a(): pass\n', ("db",)),
    "on a class": ('@pytest.mark.xdist_group("db")\nclass TestA:\n    def test_a(self): pass\n', ("db",)),
    "on a method": ('class TestA:\n    @pytest.mark.xdist_group("db")\n    def test_a(self): pass\n', ("db",)),
    "on the module": ('pytestmark = pytest.mark.xdist_group("db")\n', ("db",)),
    "on the module, in a list": ('pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("db")]\n', ("db",)),
    "as a class attribute": ('class TestA:\n    pytestmark = [pytest.mark.xdist_group("db")]\n', ("db",)),
    "by keyword": ('@pytest.mark.xdist_group(name="db")\ndef test_a(): pass\n', ("db",)),
    "argument before keyword": ('@pytest.mark.xdist_group("db", name="no")\ndef test_a(): pass\n', ("db",)),
    "without an argument": ("@pytest.mark.xdist_group()\ndef test_a(): pass\n", ("default",)),
    "without parentheses": ("@pytest.mark.xdist_group\ndef test_a(): pass\n", ("default",)),
    "without parentheses, on the module": ("pytestmark = pytest.mark.xdist_group\n", ("default",)),
    "with another keyword alone": ("@pytest.mark.xdist_group(reason='x')\ndef test_a(): pass\n", ("default",)),
    "on a parameter": ('PARAM = pytest.param(1, marks=pytest.mark.xdist_group("db"))\n', ("db",)),
    "by an imported mark": ('@mark.xdist_group("db")\ndef test_a(): pass\n', ("db",)),
    "over several lines": ('@pytest.mark.xdist_group(\n    name="db",\n)\ndef test_a(): pass\n', ("db",)),
    "several, sorted, each once": (
        (
            '@pytest.mark.xdist_group("z")\n@pytest.mark.xdist_group("a")\ndef test_a(): pass\n'
            '@pytest.mark.xdist_group("a")\ndef test_b(): pass\n'
        ),
        ("a", "z"),
    ),
    "a name that only an import would tell": ("@pytest.mark.xdist_group(NAME)\ndef test_a(): pass\n", ()),
    "a number, which pytest-xdist writes as text": ("@pytest.mark.xdist_group(1)\ndef test_a(): pass\n", ("1",)),
    "in a comment": ('# pytest.mark.xdist_group("db")\n', ()),
    "in a text": ("x = \"pytest.mark.xdist_group('db')\"\n", ()),
    "in a file that doesn't parse": ('@pytest.mark.xdist_group("db")\ndef test_a(:\n', ()),
    "in a file with a null byte": ('@pytest.mark.xdist_group("db")\ndef test_a(): pass\n\0', ()),
    "nested too deeply to parse": (f"x = {'(' * 5000}{')' * 5000}\n", ()),
}


@pytest.mark.parametrize("name", GROUPS)
def test_groups_are_read_from_the_source(name: str) -> None:
    text, groups = GROUPS[name]
    assert ties_of(text) == tuple(f"xdist_group:{group}" for group in groups)


RESOURCES = {
    "global": ('@pytest.mark.shared_resource("db", scope="global")\ndef test_a(): pass\n', ("db",)),
    "of this run": ('@pytest.mark.shared_resource("db")\ndef test_a(): pass\n', ()),
    "of this host": ('@pytest.mark.shared_resource("db", scope="host")\ndef test_a(): pass\n', ()),
    "several": ('pytestmark = pytest.mark.shared_resource("b", "a", mode="read", scope="global")\n', ("a", "b")),
    "a name that only an import would tell": ('pytest.mark.shared_resource(DB, scope="global")\n', ()),
    "a scope that only an import would tell": ('pytest.mark.shared_resource("db", scope=SCOPE)\n', ()),
    "without parentheses": ("pytestmark = pytest.mark.shared_resource\n", ()),
}


@pytest.mark.parametrize("name", RESOURCES)
def test_global_resources_are_read_from_the_source(name: str) -> None:
    text, names = RESOURCES[name]
    assert ties_of(text) == tuple(f"shared_resource:{resource}" for resource in names)


def test_a_group_and_a_resource_of_one_name_are_two_ties() -> None:
    text = 'pytest.mark.xdist_group("db")\npytest.mark.shared_resource("db", scope="global")\n'
    assert ties_of(text) == ("shared_resource:db", "xdist_group:db")


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_a_source_file_carries_its_groups(mark: str, tmp_path: Path) -> None:
    build(
        tmp_path, {"test_a.py": f'{mark}import pytest\npytestmark = pytest.mark.xdist_group("db")\n{T}', "test_b.py": T}
    )
    assert [(source.file, source.ties) for source in discover(find_config([], cwd=tmp_path))] == [
        ("test_a.py", ("xdist_group:db",)),
        ("test_b.py", ()),
    ]


def test_a_source_file_carries_its_global_resources(tmp_path: Path) -> None:
    build(
        tmp_path, {"test_a.py": f'import pytest\npytestmark = pytest.mark.shared_resource("db", scope="global")\n{T}'}
    )
    (source,) = discover(find_config([], cwd=tmp_path))
    assert source.ties == ("shared_resource:db",)


def test_nothing_is_imported(tmp_path: Path) -> None:
    build(
        tmp_path, {"test_a.py": "import sys\nsys.modules['imported_by_discover'] = sys\n" + T, "conftest.py": "1 / 0\n"}
    )
    sources = discover(find_config([], cwd=tmp_path))
    assert (sources, "imported_by_discover" in sys.modules) == (
        (SourceFile(file="test_a.py", functions=("test_a.py::test_a",)),),
        False,
    )
