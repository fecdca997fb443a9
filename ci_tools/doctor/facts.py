"""What is so without being wrong: how many workers the tests get, and who says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_tools.doctor.finding import Fact
from ci_tools.doctor.project import Project
from ci_tools.doctor.sharding import env_words, runs_tests
from ci_tools.doctor.shell import Command, value_of
from ci_tools.doctor.workflow import Step

WORKERS = ("-n", "--numprocesses")
OURS = "xdist-ci's default"


def facts_of(project: Project) -> tuple[Fact, ...]:
    """Return one fact per command that runs pytest, and what isn't looked into, by path and line."""
    found = {fact for step in project.steps() for fact in _workers(project, step)}
    found |= {fact for job, _ in project.sharded_jobs for step in job.steps for fact in _not_followed(step)}
    return tuple(sorted(found, key=lambda fact: (fact.path, fact.line, fact.text)))


def _workers(project: Project, step: Step) -> Iterator[Fact]:
    for command in step.commands:
        if not runs_tests(command):
            continue
        text = _sentence(step, command, project)
        if text:
            yield Fact(path=step.job.workflow.path, line=command.line, text=text)


def _sentence(step: Step, command: Command, project: Project) -> str:
    """Say what -n and --dist come to, and who decides: the command, else PYTEST_ADDOPTS, else addopts."""
    suite = project.suite_of(command.directory)
    sources: list[tuple[str, Sequence[str]]] = [("the command", command.arguments)]
    sources.append(("PYTEST_ADDOPTS", env_words(step, command, "PYTEST_ADDOPTS")))
    if suite:
        sources.append((f"addopts in {suite.path}", suite.addopts))
    workers, by = _decided(sources, *WORKERS)
    dist, dist_by = _decided(sources, "--dist")
    if not workers and step.is_ours:
        workers, by = step.input("workers").text or "auto", "the step's `workers`" if step.input("workers") else OURS
    if not workers and command.runner != "pytest":
        return ""  # tox.ini and noxfile.py have the last word
    if not workers:
        return f"{command.runner} in job `{step.job.id}` runs one test at a time: nothing says -n"
    if workers == "0":
        return f"{command.runner} in job `{step.job.id}` runs one test at a time: -n 0, says {by}"
    if not dist:
        dist, dist_by = ("loadfile", OURS) if step.is_ours else ("load", "pytest-xdist's default")
    said = f"-n {workers} ({by}), --dist {dist} ({dist_by})" if by != dist_by else f"-n {workers} --dist {dist} ({by})"
    return f"{command.runner} in job `{step.job.id}` runs {said}"


def _decided(sources: Sequence[tuple[str, Sequence[str]]], *names: str) -> tuple[str, str]:
    return next(((value, who) for who, words in sources if (value := value_of(words, *names))), ("", ""))


def _not_followed(step: Step) -> Iterator[Fact]:
    if step.action.startswith(("./", "$/")):
        text = f"`{step.node.get('uses').text}` in job `{step.job.id}` is not looked into"
        yield Fact(path=step.job.workflow.path, line=step.node.line_of("uses"), text=text)
