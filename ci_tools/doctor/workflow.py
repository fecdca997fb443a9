"""A workflow file as its jobs and steps, each with the lines it stands on."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from ci_tools.doctor.matrix import Matrix, matrix_of
from ci_tools.doctor.nodes import Node
from ci_tools.doctor.shell import Command, commands

_STATUS_CHECK = re.compile(r"\balways\s*\(|!\s*\(?\s*cancelled\s*\(|\bfailure\s*\(")
LATEST = 99  # of a branch
# Actions whose input is a script that they run.
_SCRIPTS_IN_INPUTS = ("command", "run", "script")


@dataclass(frozen=True)
class Step:
    """One step of a job."""

    node: Node
    job: Job = field(repr=False)

    @property
    def line(self) -> int:
        return min((key.line for key, _ in self.node.entries.values()), default=self.node.line)

    @property
    def action(self) -> str:
        """What it uses, without `@ref`, lower case: `actions/cache/restore`."""
        return self.node.get("uses").text.partition("@")[0].lower()

    @property
    def version(self) -> int:
        """The action's major version, also from the comment behind a commit; 0 where only a commit is said."""
        line = self.job.workflow.source_line(self.node.line_of("uses"))
        match = re.search(r"@v(\d+)", line) or re.search(r"@[0-9a-f]{40}\W*#\s*(?:tag=)?v?(\d+)", line)
        return int(match.group(1)) if match else 0 if re.search(r"@[0-9a-f]{40}\b", line) else LATEST

    @property
    def is_ours(self) -> bool:
        """Whether it uses xdist-ci, whoever's it is."""
        return self.action.split("/")[1:] == ["xdist-ci"]

    @property
    def our_command(self) -> str:
        """Return run, plan, merge or comment; empty where the step isn't ours."""
        return (self.input("command").text or "run") if self.is_ours else ""

    @property
    def condition(self) -> str:
        return self.node.get("if").text

    def input(self, name: str) -> Node:
        """Return an input, MISSING where it isn't given."""
        return self.node.get("with", name)

    @cached_property
    def env(self) -> Mapping[str, Node]:
        """What workflow, job and step set, the nearest last."""
        nodes = (self.job.workflow.root, self.job.node, self.node)
        return {name: value for node in nodes for name, value in node.get("env").items()}

    @cached_property
    def directory(self) -> str:
        """The literal working directory, `.` where none is said or an expression says it."""
        nodes = (self.node, self.job.node.get("defaults", "run"), self.job.workflow.root.get("defaults", "run"))
        texts = [self.input("working-directory").text, *(node.get("working-directory").text for node in nodes)]
        return _inside(next((text for text in texts if text), "."))

    @property
    def scripts(self) -> Iterator[tuple[Node, str]]:
        """Iterate over what it gives to a shell, and the text of it."""
        if self.is_ours and self.our_command != "run":
            return
        if self.is_ours:
            command, arguments = self.input("pytest"), self.input("args")
            yield arguments or command, f"{command.text or 'python -m pytest'} {arguments.text}"
            return
        for node in (self.node.get("run"), *(self.input(name) for name in _SCRIPTS_IN_INPUTS)):
            if node.is_scalar and (node is self.node.get("run") or "github-script" not in self.action):
                yield node, node.text

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        """Its commands, `line` counted in the file."""
        found = []
        for node, text in self.scripts:
            first = (node.line + 1 if node.is_block else node.line) if node else self.line
            for command in commands(text):
                line = first + command.line - 1 if node else first
                found.append(
                    replace(command, line=line, directory=_inside(posixpath.join(self.directory, command.directory)))
                )
        return tuple(found)


@dataclass(frozen=True)
class Job:
    """One job."""

    id: str
    line: int
    node: Node
    workflow: Workflow = field(repr=False)

    @property
    def needs(self) -> tuple[str, ...]:
        return self.node.get("needs").texts()

    @property
    def condition(self) -> str:
        return self.node.get("if").text

    @property
    def runs_after_failures(self) -> bool:
        """Whether its `if` keeps it from being skipped when a job that it needs has failed."""
        return bool(_STATUS_CHECK.search(self.condition))

    @property
    def calls(self) -> str:
        """The reusable workflow it calls, empty where it has steps."""
        return self.node.get("uses").text

    @cached_property
    def matrix(self) -> Matrix:
        return matrix_of(self.node.get("strategy", "matrix"))

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        return tuple(Step(node, self) for node in self.node.get("steps").elements)

    @property
    def permissions(self) -> Node:
        """The job's, else the workflow's, else MISSING."""
        return self.node.get("permissions") or self.workflow.root.get("permissions")


@dataclass(frozen=True)
class Workflow:
    """One file of `.github/workflows`. `path` is relative to the repository."""

    path: str
    root: Node = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)

    def source_line(self, number: int) -> str:
        """Return a line of the file, empty where there is none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    @cached_property
    def events(self) -> tuple[str, ...]:
        node = self.root.get("on")
        return tuple(name for name, _ in node.items()) or node.texts()

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        entries = self.root.get("jobs").entries
        return tuple(Job(name, key.line, node, self) for name, (key, node) in entries.items())

    @property
    def is_only_called(self) -> bool:
        """Whether other workflows call it, and what guards its jobs may be theirs."""
        return "workflow_call" in self.events and set(self.events) <= {"workflow_call", "workflow_dispatch"}

    def job(self, id: str) -> Job | None:
        """Return a job by its id."""
        return next((job for job in self.jobs if job.id == id), None)

    def needed_by(self, job: Job) -> tuple[Job, ...]:
        """Return all jobs that need this one, directly or through others."""
        found = {job.id}
        for _ in self.jobs:
            found |= {other.id for other in self.jobs if found & set(other.needs)}
        return tuple(other for other in self.jobs if other.id in found and other.id != job.id)


def _inside(path: str) -> str:
    """Return a relative path below the repository; `.` for all others."""
    path = posixpath.normpath(re.sub(r"\$\{\{\s*github\.workspace\s*\}\}", ".", path))
    return "." if path.startswith(("/", "..", "~")) or "$" in path else path
