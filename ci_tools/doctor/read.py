"""A repository on disk → a Project. Every file is read with a limit; what can't be read is a problem, not an error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ci_tools.doctor.nodes import YamlError, parse
from ci_tools.doctor.project import Mention, Problem, Project
from ci_tools.doctor.settings import coverage_threshold, suite_in, tox_config
from ci_tools.doctor.workflow import Workflow
from ci_tools.model.errors import CiToolsError
from ci_tools.store.files import read_text

MAX_BYTES = 500_000
MAX_FILES = 500
_SCRIPT = re.compile(r"(?<![\w/.-])(?:\./)?([\w][\w./-]*\.(?:sh|bash))\b")
_MAKEFILES = ("Makefile", "makefile", "GNUmakefile", "justfile")
_REQUIREMENTS: tuple[str, ...] = ("pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "Pipfile")
_REQUIREMENTS += ("requirements*.txt", "*/requirements*.txt")
_SHUFFLES = re.compile(r"\bpytest-(?:randomly|random-order)\b")
_GITHUB = "GitHub runs nothing of this file: mend it"


def read_project(
    root: Path, workflows: tuple[Workflow, ...], problems: tuple[Problem, ...], *, rootdirs: Mapping[str, Path]
) -> Project:
    """Return what the doctor looks at; `rootdirs` are pytest's, by working directory below `root`."""
    suites = {directory: suite_in(rootdir, root=root) for directory, rootdir in rootdirs.items()}
    found = {directory: suite for directory, suite in suites.items() if suite}
    threshold = coverage_threshold(root)
    sources = {workflow.path: workflow.lines for workflow in workflows}
    named = {suite.path for suite in found.values()} | ({threshold.path} if threshold else set())
    return Project(
        workflows=workflows,
        suites=found,
        tox=tox_config(root),
        coverage_threshold=threshold,
        requirements=tuple(_shufflers(root)),
        scripts=dict(_scripts(root, ("\n".join(lines) for lines in sources.values()))),
        problems=problems,
        sources=sources | {path: tuple(text.split("\n")) for path, text in _texts(root, named)},
    )


def read_workflows(root: Path) -> tuple[tuple[Workflow, ...], tuple[Problem, ...]]:
    """Return the workflows that can be read, and what is wrong with the others."""
    workflows, problems = [], []
    for path in _workflow_files(root):
        name = path.relative_to(root).as_posix()
        try:
            workflow, wrong = read_workflow(read_text(path, max_bytes=MAX_BYTES), name)
        except CiToolsError as error:
            workflow, wrong = None, [Problem(path=name, line=1, fact=error.fact.removeprefix(f"{path}: "), fix=_GITHUB)]
        if workflow:
            workflows.append(workflow)
        problems.extend(wrong)
    return tuple(workflows), tuple(problems)


def read_workflow(text: str, path: str) -> tuple[Workflow | None, list[Problem]]:
    """Return a workflow, None where the text is none, and what is wrong with it."""
    try:
        roots = parse(text)
    except YamlError as error:
        fact = f"not YAML as GitHub reads it: {error.fact}"
        return None, [Problem(path=path, line=error.line, fact=fact, fix=_GITHUB)]
    if not roots or not roots[0].get("jobs").entries:
        return None, [Problem(path=path, line=1, fact="no workflow: it has no `jobs`", fix=_GITHUB)]
    problems = []
    if len(roots) > 1:
        fact = f"{len(roots)} YAML documents in one file; only the first is looked at"
        problems.append(Problem(path=path, line=roots[1].line, fact=fact, fix="one workflow, one file"))
    return Workflow(path, roots[0], tuple(text.split("\n"))), problems


def directories_of(workflows: tuple[Workflow, ...]) -> tuple[str, ...]:
    """Return the directories in which steps run commands, `.` first."""
    used = {command.directory for w in workflows for job in w.jobs for step in job.steps for command in step.commands}
    return (".", *sorted(used - {"."}))[:MAX_FILES]


def _workflow_files(root: Path) -> list[Path]:
    directory = root / ".github" / "workflows"
    found = [path for pattern in ("*.yml", "*.yaml") for path in directory.glob(pattern) if path.is_file()]
    return sorted(found)[:MAX_FILES]


def _scripts(root: Path, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Iterate over Makefiles, and over shell scripts that workflows name."""
    names = [*_MAKEFILES]
    for text in texts:
        names.extend(_SCRIPT.findall(text))
    yield from _texts(root, sorted(set(names))[:MAX_FILES])


def _texts(root: Path, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Iterate over (path, text) of the files that are there, inside of the repository, and readable."""
    inside = root.resolve()
    for name in names:
        path = (root / name).resolve()
        if path.is_file() and path.is_relative_to(inside):
            try:
                yield name, read_text(path, max_bytes=MAX_BYTES)
            except CiToolsError:
                continue


def _shufflers(root: Path) -> Iterator[Mention]:
    """Iterate over the first mention of each plugin that shuffles tests."""
    names = {path.relative_to(root).as_posix() for pattern in _REQUIREMENTS for path in root.glob(pattern)}
    seen: set[str] = set()
    for name, text in _texts(root, sorted(names)[:MAX_FILES]):
        for number, line in enumerate(text.split("\n"), 1):
            match = _SHUFFLES.search(line.partition("#")[0])
            if match and match.group() not in seen:
                seen.add(match.group())
                yield Mention(path=name, line=number, name=match.group())
