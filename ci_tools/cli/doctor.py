"""`ci-tools doctor`: what will lose tests, or fail, once the suite is sharded."""

from __future__ import annotations

import argparse
from pathlib import Path

from ci_tools.doctor.diagnose import diagnose
from ci_tools.doctor.finding import Diagnosis
from ci_tools.doctor.read import directories_of, read_project, read_workflows
from ci_tools.doctor.rules import RULES, documentation_of
from ci_tools.doctor.text import as_json, as_text
from ci_tools.model.errors import NO, YES, CiToolsError, UsageError
from ci_tools.plan.pytest_config import find_config

EXAMPLES = """\
examples:
  ci-tools doctor                       this repository
  ci-tools doctor ../other --format json
  ci-tools doctor --list                all rules
  ci-tools doctor --explain fail-fast   one rule: what is wrong, and what to do

A comment in the line, or alone in the line above, ignores a rule there:
  # ci-tools: ignore[fail-fast]
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.add_argument("directory", nargs="?", type=Path, default=Path(), metavar="DIR", help="default: this one")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of what is printed (default: text)")
    parser.add_argument("--list", action="store_true", help="print all rules")
    parser.add_argument("--explain", metavar="RULE", help="print a rule's documentation")


def run(args: argparse.Namespace) -> int:
    """Print what is found; 1 if that is more than notes."""
    if args.list:
        print(_list(), end="")
        return YES
    if args.explain is not None:
        print(_explain(args.explain))
        return YES
    if not args.directory.is_dir():
        raise UsageError(f"no such directory: {args.directory}", hint="give the repository's root")
    diagnosis = diagnosis_of(args.directory)
    print(as_text(diagnosis) if args.format == "text" else as_json(diagnosis), end="")
    return YES if diagnosis.is_healthy else NO


def diagnosis_of(root: Path) -> Diagnosis:
    """Return what is found below a repository's root; CiToolsError where there is nothing to look at."""
    workflows, problems = read_workflows(root)
    suites = _rootdirs(root, directories_of(workflows))
    project = read_project(root, workflows, problems, rootdirs=suites)
    if not (workflows or problems or project.suites):
        raise CiToolsError(
            f"{root}: neither a workflow nor a configuration of pytest",
            hint="looked for .github/workflows/*.yml and for pytest.ini, pyproject.toml, tox.ini, setup.cfg",
        )
    return diagnose(project)


def _rootdirs(root: Path, directories: tuple[str, ...]) -> dict[str, Path]:
    """Return pytest's rootdir for each directory that commands run in; broken configurations are left out."""
    found = {}
    for directory in directories:
        try:
            rootdir = find_config((), cwd=(root / directory).resolve()).rootdir
        except CiToolsError:
            continue
        if rootdir.is_relative_to(root.resolve()):
            found[directory] = rootdir
    return found


def _list() -> str:
    width = max(map(len, RULES))
    return "".join(f"{rule:{width}}  {documentation_of(rule).partition(chr(10))[0]}\n" for rule in RULES)


def _explain(rule: str) -> str:
    if rule not in RULES:
        raise UsageError(f"no rule {rule!r}", hint="`ci-tools doctor --list` prints them")
    return documentation_of(rule)
