"""`find_config` against the configuration that pytest itself arrives at, value by value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from collect_truth import build, truth

from ci_tools.model.errors import CiToolsError
from ci_tools.plan.pytest_config import PytestConfig, find_config

T = "def test_a(): pass\n"
SUITE = {"tests/test_a.py": T, "other/test_b.py": T}

# name: (tree, arguments, cwd)
Case = tuple[Mapping[str, str], Sequence[str], str]


def ini(text: str, **more: str) -> Case:
    return {**SUITE, "pytest.ini": f"[pytest]\n{text}\n", **more}, [], "."


CASES: dict[str, Case] = {
    # where the configuration is
    "nothing at all": (SUITE, [], "."),
    "nothing at all, a directory given": (SUITE, ["tests"], "."),
    "nothing at all, two directories given": (SUITE, ["tests", "other"], "."),
    "nothing at all, called from another tree": (SUITE, ["../tests"], "other"),
    "pytest.ini": ini("python_files = check_*.py"),
    "an empty pytest.ini": ({**SUITE, "pytest.ini": ""}, [], "."),
    "pytest.ini with another section": ({**SUITE, "pytest.ini": "[flake8]\nx = 1\n"}, [], "."),
    ".pytest.ini": ({**SUITE, ".pytest.ini": "[pytest]\npython_files = check_*.py\n"}, [], "."),
    "pytest.toml": ({**SUITE, "pytest.toml": '[pytest]\npython_files = ["check_*.py"]\n'}, [], "."),
    "an empty .pytest.toml": ({**SUITE, ".pytest.toml": "", "tox.ini": "[pytest]\npython_files=x.py\n"}, [], "."),
    "pyproject.toml, ini_options": (
        {**SUITE, "pyproject.toml": '[tool.pytest.ini_options]\npython_files = "a_*.py b_*.py"\n'},
        [],
        ".",
    ),
    "pyproject.toml, ini_options with lists": (
        {
            **SUITE,
            "pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = ["tests"]\n'
            'addopts = ["--ignore=a b", "-m", "not slow"]\n'
            'markers = ["slow"]\n',
        },
        [],
        ".",
    ),
    "pyproject.toml, empty ini_options": (
        {**SUITE, "pyproject.toml": "[tool.pytest.ini_options]\n", "tox.ini": "[pytest]\npython_files=x.py\n"},
        [],
        ".",
    ),
    "pyproject.toml, native": (
        {
            **SUITE,
            "pyproject.toml": '[tool.pytest]\ntestpaths = ["tests"]\npython_classes = ["Check"]\n'
            'addopts = ["--ignore=x"]\n',
        },
        [],
        ".",
    ),
    "pyproject.toml, empty native table": (
        {**SUITE, "pyproject.toml": "[tool.pytest]\n", "tox.ini": "[pytest]\npython_files=x.py\n"},
        [],
        ".",
    ),
    "pyproject.toml without pytest, from below": (
        {**SUITE, "pyproject.toml": "[project]\nname = 'x'\nversion = '1'\n"},
        [],
        "tests",
    ),
    "pyproject.toml without pytest, setup.cfg with it further up": (
        {"setup.cfg": "[tool:pytest]\npython_files = x.py\n", "a/pyproject.toml": "", "a/test_a.py": T},
        [],
        "a",
    ),
    "tox.ini": ({**SUITE, "tox.ini": "[tox]\n[pytest]\ntestpaths = tests\n"}, [], "."),
    "tox.ini without pytest": ({**SUITE, "tox.ini": "[tox]\nx = 1\n"}, ["tests"], "."),
    "setup.cfg": ({**SUITE, "setup.cfg": "[metadata]\nname=x\n[tool:pytest]\ntestpaths = tests other\n"}, [], "."),
    "setup.py only": ({**SUITE, "setup.py": ""}, [], "tests"),
    "setup.py above one of two trees": (
        {"a/setup.py": "", "a/tests/test_a.py": T, "b/test_b.py": T},
        ["a/tests", "b"],
        ".",
    ),
    "pytest.ini before tox.ini": ({**SUITE, "pytest.ini": "", "tox.ini": "[pytest]\ntestpaths = tests\n"}, [], "."),
    "the nearer tox.ini before the pytest.ini above": (
        {"pytest.ini": "", "a/tox.ini": "[pytest]\npython_files = x.py\n", "a/test_a.py": T},
        ["a"],
        ".",
    ),
    "pytest.ini in the second of two trees": (
        {"a/test_a.py": T, "b/pytest.ini": "[pytest]\npython_files = x.py\n", "b/test_b.py": T},
        ["a", "b"],
        ".",
    ),
    "pyproject.toml without pytest in the first tree, pytest.ini in the second": (
        {"a/pyproject.toml": "", "a/test_a.py": T, "b/pytest.ini": "", "b/test_b.py": T},
        ["a", "b"],
        ".",
    ),
    "called from below, testpaths don't count": (*ini("testpaths = tests")[:2], "other"),
    "the same file named twice and a directory above it": (SUITE, ["tests/test_a.py", "tests", "tests/test_a.py"], "."),
    "a test named": (SUITE, ["tests/test_a.py::test_a"], "."),
    # testpaths
    "testpaths": ini("testpaths = tests"),
    "testpaths: the directory itself": ini("testpaths = ."),
    "testpaths: globs": ini("testpaths = t*s oth?r"),
    "testpaths: a recursive glob": ini("testpaths = **/test_b.py"),
    "testpaths: a glob passes hidden directories over": ini("testpaths = */", **{".hidden/test_h.py": T}),
    "testpaths: one of two is missing": ini("testpaths = missing tests"),
    "testpaths: all are missing": ini("testpaths = missing"),
    "testpaths: up and down again": ini("testpaths = other/../tests"),
    "testpaths: a file": ini("testpaths = tests/test_a.py"),
    "testpaths: arguments win": (*ini("testpaths = tests")[:1], ["other"], "."),
    # what is collected
    "python_files with and without a slash": ini("python_files = check_*.py tests/*.py"),
    "python_files over several lines": ini("python_files =\n    check_*.py\n    test_*.py"),
    "python_files empty": ini("python_files ="),
    "python_classes and python_functions": ini("python_classes = Check *Suite\npython_functions = check_* it_"),
    "python_classes empty": ini("python_classes ="),
    "norecursedirs": ini("norecursedirs = tests .svn a/b"),
    "norecursedirs empty": ini("norecursedirs ="),
    # addopts
    "addopts: ignores": ini("addopts = --ignore=tests --ignore other/x.py --ignore-glob='*/x_*' --ignore-glob t*"),
    "addopts: ignores are relative to where pytest is called": (*ini("addopts = --ignore=a")[:2], "tests"),
    "addopts: a marker expression with spaces": ini('addopts = -m "not slow" -k x -p no:nose -ra'),
    "addopts: doctest": ini("addopts = --doctest-modules --doctest-glob=*.rst --doctest-glob '*.md'"),
    "addopts: override": ini("addopts = -o python_files=check_*.py"),
    "addopts: rootdir": ini("addopts = --rootdir=tests"),
    "addopts: collect in virtualenv": ini("addopts = --collect-in-virtualenv"),
    "addopts: a path": ini("addopts = tests"),
    "addopts: a path after an option with a value": ini("addopts = --durations 5 tests"),
    "addopts: a path after a flag": ini("addopts = -v tests"),
    "addopts: a path, and arguments": (*ini("addopts = tests")[:1], ["other"], "."),
    "addopts: two paths before testpaths": ini("testpaths = tests\naddopts = other tests/test_a.py"),
    "addopts: a comment sign": ini("addopts = --ignore=tests#1"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_configuration_is_the_one_pytest_uses(name: str, tmp_path: Path) -> None:
    tree, arguments, folder = CASES[name]
    root = tmp_path / "project"
    build(root, tree)
    cwd = root / folder
    found = truth(arguments, cwd=cwd, out=tmp_path / "truth.json")
    assert find_config(arguments, cwd=cwd) == found.config, found.output


def test_defaults_without_any_file_are_those_of_pytest(tmp_path: Path) -> None:
    assert find_config([], cwd=tmp_path) == PytestConfig(rootdir=tmp_path, paths=(tmp_path,))


def test_keep_together_is_read_from_the_pyproject_of_the_rootdir(tmp_path: Path) -> None:
    build(tmp_path, {"pyproject.toml": '[tool.ci-tools.plan]\nkeep_together = ["tests/db/**", "a*.py"]\n'})
    expected = PytestConfig(rootdir=tmp_path, paths=(tmp_path,), keep_together=("tests/db/**", "a*.py"))
    assert find_config([], cwd=tmp_path) == expected


REFUSALS: dict[str, tuple[Mapping[str, str], Sequence[str], str, str]] = {
    "a path that doesn't exist": (
        {},
        ["missing/test_a.py::test_b"],
        "no such file or directory: missing/test_a.py::test_b",
        "paths are relative to the current directory",
    ),
    "keep_together that is no list": (
        {"pyproject.toml": "[tool.ci-tools.plan]\nkeep_together = 'a'\n"},
        [],
        "{root}/pyproject.toml: [tool.ci-tools.plan] keep_together is 'a', wanted a list of globs",
        'keep_together = ["tests/snapshots/**"]',
    ),
    "an ini file that is none": (
        {"pytest.ini": "what is this\n"},
        [],
        "{root}/pytest.ini: not an ini file: {root}/pytest.ini:1: unexpected line: 'what is this'",
        "",
    ),
    "a pyproject.toml that is none": (
        {"pyproject.toml": "= 1\n"},
        [],
        "{root}/pyproject.toml: not TOML: Invalid statement (at line 1, column 1)",
        "",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_read_is_refused(name: str, tmp_path: Path) -> None:
    tree, arguments, fact, hint = REFUSALS[name]
    build(tmp_path, tree)
    with pytest.raises(CiToolsError) as refusal:
        find_config(arguments, cwd=tmp_path)
    assert (refusal.value.fact, refusal.value.hint) == (fact.replace("{root}", str(tmp_path)), hint)


@pytest.mark.parametrize("option", ["addopts", "testpaths", "python_files", "norecursedirs"])
def test_an_open_quote_is_refused_as_pytest_refuses_it(option: str, tmp_path: Path) -> None:
    build(tmp_path, {"pytest.ini": f'[pytest]\n{option} = -k "not slow\n'})
    with pytest.raises(CiToolsError, match="No closing quotation"):
        find_config([], cwd=tmp_path)
