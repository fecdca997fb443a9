"""The house rules that a reader relies on."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from ci_tools.cli.main import COMMANDS
from ci_tools.shard.stage import GUEST, stage

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "ci_tools").rglob("*.py"))
PURE = (
    "model",
    "formats",
    "audit/baseline",
    "audit/catalog",
    "audit/context",
    "audit/dynamic/as_json",
    "audit/dynamic/conflicts",
    "audit/dynamic/deeds",
    "audit/dynamic/leaks",
    "audit/dynamic/markdown",
    "audit/dynamic/replays",
    "audit/dynamic/sentences",
    "audit/dynamic/text",
    "audit/finding",
    "audit/fix",
    "audit/fixes",
    "audit/fixtures",
    "audit/flow",
    "audit/ignores",
    "audit/imports",
    "audit/judge",
    "audit/judged",
    "audit/marks",
    "audit/outputs",
    "audit/parallel",
    "audit/project",
    "audit/readiness",
    "audit/rules",
    "audit/settings",
    "audit/sinks",
    "audit/steps",
    "audit/suite",
    "audit/units",
    "bisect/as_json",
    "bisect/bisection",
    "bisect/changes",
    "bisect/ddmin",
    "bisect/markdown",
    "bisect/oracle",
    "bisect/scene",
    "bisect/search",
    "bisect/text",
    "bisect/words",
    "history/quarantine",
    "merge/changes",
    "merge/compare",
    "merge/cost",
    "merge/imported",
    "merge/judge",
    "merge/junit/again",
    "merge/junit/cases",
    "merge/junit/identity",
    "merge/junit/results",
    "merge/junit/shards",
    "merge/junit/values",
    "merge/reconcile",
    "merge/state",
    "parallelize",
    "report",
    "stability/asks",
    "stability/as_json",
    "stability/classify",
    "stability/design",
    "stability/heat",
    "stability/html",
    "stability/judge",
    "stability/markdown",
    "stability/record",
    "stability/story",
    "stability/tell",
    "stability/text",
)
PURE_PLAN = ("plan/choose", "plan/cut", "plan/make", "plan/pack", "plan/predict", "plan/simulate", "plan/pytest_split")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT / "ci_tools").as_posix()


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", [p for p in SOURCES if name_of(p).split("/")[0] in (*GUEST, "shard")], ids=name_of)
def test_the_guest_imports_the_standard_library_and_pytest_alone(path: Path) -> None:
    allowed = sys.stdlib_module_names | {"ci_tools", "pytest", "xdist", "tomli"}  # tomli: pytest's own, on Python 3.10
    assert {name.split(".")[0] for name in imports(ast.parse(path.read_text()))} <= allowed


def test_the_staged_guest_works_with_nothing_else(tmp_path: Path) -> None:
    """-S and an empty environment: no site-packages at all."""
    modules = [
        name_of(p)[:-3].replace("/", ".")
        for p in SOURCES
        if name_of(p).split("/")[0] in ("model", "formats", "store", "testing")
    ]
    program = "import " + ", ".join(f"ci_tools.{m.removesuffix('.__init__')}" for m in modules)
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], env={"PYTHONPATH": str(stage(tmp_path))}, capture_output=True, text=True
    )
    assert done.stderr == ""


def test_an_idle_plugin_imports_nothing_but_itself() -> None:
    program = (
        "import pytest, sys; before = set(sys.modules)\n"
        "import ci_tools.plugin; print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "['ci_tools', 'ci_tools.plugin']\n"


def test_an_active_plugin_imports_only_the_guest(tmp_path: Path) -> None:
    program = (
        "import pytest, xdist.scheduler, faulthandler, json, hashlib, zlib, platform, tempfile, sys\n"
        "before = set(sys.modules)\n"
        "import ci_tools.plugin.activate, ci_tools.plugin.loadfile, ci_tools.plugin.rerun, ci_tools.plugin.cpus\n"
        "import ci_tools.plugin.schedule, ci_tools.plugin.deaths, ci_tools.plugin.retries, ci_tools.plugin.select\n"
        "print(sorted({m.split('.')[0] for m in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "['ci_tools']\n"


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if name_of(p).startswith(PURE) or name_of(p).startswith(PURE_PLAN)], ids=name_of
)
def test_what_decides_neither_opens_nor_prints(path: Path) -> None:
    calls = {
        n.func.id
        for n in ast.walk(ast.parse(path.read_text()))
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    assert calls & {"open", "print", "input", "exec", "eval"} == set()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    assert [f.name for f in functions if (f.end_lineno or 0) - f.lineno > 60] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_on_its_page(name: str) -> None:
    import argparse

    parser = argparse.ArgumentParser()
    import_module(f"ci_tools.cli.{name}").configure(parser)
    page = (ROOT / "docs" / f"{name}.md").read_text()
    options = [word for action in parser._actions for word in action.option_strings if word not in ("-h", "--help")]
    assert [option for option in options if option not in page] == []


def test_every_file_format_has_a_page_with_its_name() -> None:
    pages = "".join(path.read_text() for path in (ROOT / "docs/formats").glob("*.md"))
    for path in (ROOT / "ci_tools/formats").glob("[a-z]*.py"):
        module = import_module(f"ci_tools.formats.{path.stem}")
        if hasattr(module, "FORMAT"):
            assert module.FORMAT in pages


def test_every_check_that_the_architecture_names_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    named = set(re.findall(r"`((?:tests|benchmarks)/[\w/.]+)`", text))
    assert named and [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_test_that_the_security_page_names_exists() -> None:
    """A row per requirement, S1 to S22, and no row without a test that can fail."""
    rows = re.findall(r"^\| S(\d+) \|(.*)$", (ROOT / "SECURITY.md").read_text(), re.M)
    assert [int(number) for number, _ in rows] == list(range(1, 23))
    for number, row in rows:
        named = re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`", row)
        assert named, number
        missing = [
            f"{p}::{t}"
            for p, t in named
            if not (ROOT / p).exists() or (t and f"def {t}(" not in (ROOT / p).read_text())
        ]
        assert missing == []


def test_no_page_names_a_machine(request: pytest.FixtureRequest) -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    pages = [ROOT / name for name in files if name.endswith((".md", ".py", ".toml", "Makefile", "run"))]
    github = "/home/runner/work/"  # the same on every machine of GitHub's
    texts = {page: page.read_text().replace(github, "") for page in pages if page.exists() and page != Path(__file__)}
    assert [page for page, text in texts.items() if re.search(r"/(root|work)/|/home/(?!runner)", text)] == []
