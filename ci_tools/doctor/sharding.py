"""Which steps run one part of a suite, and how they say which part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ci_tools.doctor.expressions import as_word, references
from ci_tools.doctor.nodes import Node
from ci_tools.doctor.shell import Command, has, name_of, value_of
from ci_tools.doctor.workflow import Job, Step, Workflow

OURS = "xdist-ci"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A pytest plugin that splits: its options for how many parts and which, and the number of the first."""

    name: str
    total: str
    part: str
    first: int = 1


PYTEST_SPLIT = Tool(name="pytest-split", total="--splits", part="--group")
TOOLS = (
    PYTEST_SPLIT,
    Tool(name="pytest-shard", total="--num-shards", part="--shard-id", first=0),
    Tool(name="pytest-test-groups", total="--test-group-count", part="--test-group"),
)
# An axis with such a name, given to pytest, is a hand-made split.
_AXIS = re.compile(
    r"(?:test|pytest|ci|matrix)?[_-]?(?:shard|group|split|partition|chunk|slice|bucket|part|subset|instance)s?"
    r"(?:[_-]?(?:id|index|idx|number|num|no|name))?",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"\$(?:env:)?\{?(\w+)\}?|%(\w+)%")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=(.*\s.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharding:
    """A step that runs a part of the suite. `tool` is None for ours and for hand-made splits."""

    step: Step
    command: Command
    tool: Tool | None
    total: str = ""
    part: str = ""

    @property
    def job(self) -> Job:
        return self.step.job

    @property
    def line(self) -> int:
        return self.command.line

    @property
    def is_ours(self) -> bool:
        return self.step.is_ours

    @property
    def name(self) -> str:
        return OURS if self.is_ours else self.tool.name if self.tool else "the matrix"


def shardings(job: Job) -> tuple[Sharding, ...]:
    """Return the job's steps that run a part of the suite, and the call of a workflow that does."""
    if job.calls:
        return tuple(_of_call(job))
    said = tuple(sharding for step in job.steps for sharding in _of_step(step))
    return said or tuple(_by_hand(job))


def sharded_jobs(workflow: Workflow) -> Iterator[tuple[Job, tuple[Sharding, ...]]]:
    """Iterate over the jobs that shard tests over a matrix."""
    for job in workflow.jobs:
        found = shardings(job)
        if found and job.matrix.may_have_legs:
            yield job, found


def pytest_arguments(step: Step, command: Command) -> tuple[str, ...]:
    """Return what pytest gets from the environment and from the command, as far as it is on its line.

    The addopts of files come before these.
    """
    words = command.arguments
    if not command.runner and any(tool.total in word for tool in TOOLS for word in command.words):
        words = command.words[2 if name_of(command.words[0]) in ("bash", "sh") else 1 :]
    return (*_from_env(step, command), *_expanded(words, step.env))


def _from_env(step: Step, command: Command) -> tuple[str, ...]:
    """Return PYTEST_ADDOPTS, and what Makefiles and scripts commonly call PYTEST_ARGS."""
    names = ("PYTEST_ADDOPTS",) if command.runner else ("PYTEST_ADDOPTS", "PYTEST_ARGS")
    return tuple(word for name in names for word in env_words(step, command, name))


def env_words(step: Step, command: Command, name: str) -> tuple[str, ...]:
    """Return the words of an environment variable that the command or the workflow sets."""
    own, node = dict(command.env).get(name), step.env.get(name)
    text = own if own is not None else node.text if node is not None and node.is_scalar else ""
    return tuple(as_word(text).split())


def runs_tests(command: Command) -> bool:
    """Whether a command runs pytest, as far as can be seen, and does more than ask it something."""
    asks = ("--version", "--help", "-h", "--collect-only", "--co", "--markers", "--fixtures")
    return bool(command.runner) and not has(command.arguments, *asks)


def _of_step(step: Step) -> Iterator[Sharding]:
    if step.is_ours:
        yield from (Sharding(step=step, command=command, tool=None) for command in step.commands[:1])
        return
    for command in step.commands:
        if command.is_foreign or command.runs_nothing:
            continue
        words = _expanded((*_from_env(step, command), *command.words), step.env)
        sharding = _by_tool(step, command, words)
        if sharding:
            yield sharding
        elif runs_tests(command) and any(axis in _axes(step.job) for word in words for axis in references(word)):
            yield Sharding(step=step, command=command, tool=None)


def _by_tool(step: Step, command: Command, words: Sequence[str]) -> Sharding | None:
    tool = next((tool for tool in TOOLS if has(words, tool.total) and has(words, tool.part)), None)
    if tool is None or has(words, "--collect-only", "--co"):
        return None
    total, part = value_of(words, tool.total) or "", value_of(words, tool.part) or ""
    return Sharding(step=step, command=command, tool=tool, total=total, part=part)


def _of_call(job: Job) -> Iterator[Sharding]:
    """Find a split among the inputs of a reusable workflow."""
    for _, node in job.node.get("with").items():
        words = tuple(as_word(node.text).split())
        sharding = _by_tool(Step(job.node, job), Command(words=words, line=node.line, arguments=words), words)
        if sharding:
            yield sharding


def _by_hand(job: Job) -> Iterator[Sharding]:
    """Find the tests of a job that an axis with a name like `shard` cuts, in a way that this file doesn't show.

    The axis has numbers, or is used by some step or variable; the tests may be behind `make test` or a script.
    """
    axes = [axis for axis in _axes(job) if _is_used(job, axis) or _is_numbered(job, axis)]
    tests = [(step, command) for step in job.steps for command in step.commands if _may_test(step, command)]
    tests.sort(key=lambda pair: not pair[1].runner)
    if (
        axes
        and tests
        and not any(command.is_foreign for step in job.steps for command in step.commands if _tests(step))
    ):
        yield Sharding(step=tests[0][0], command=tests[0][1], tool=None)


def _axes(job: Job) -> tuple[str, ...]:
    """Return the axes that are named like parts of a suite and have more than one value."""
    return tuple(axis for axis in job.matrix.axes if _AXIS.fullmatch(axis) and job.matrix.may_differ(axis))


def _is_used(job: Job, axis: str) -> bool:
    nodes = [job.node.get("env"), *(step.node.get(key) for step in job.steps for key in ("run", "env"))]
    return any(axis in references(scalar.text) for node in nodes for scalar in node.scalars())


def _is_numbered(job: Job, axis: str) -> bool:
    legs = job.matrix.legs or ()
    return bool(legs) and all(leg[axis].text.isdecimal() for leg in legs if axis in leg)


def _may_test(step: Step, command: Command) -> bool:
    if command.is_foreign or command.runs_nothing or has(command.arguments, "--collect-only", "--co"):
        return False
    return runs_tests(command) or (_tests(step) and not step.action and len(step.commands) < 5)


def _tests(step: Step) -> bool:
    return "test" in f"{step.node.get('name').text} {step.node.get('run').text}".lower()


def _expanded(words: Sequence[str], env: Mapping[str, Node]) -> tuple[str, ...]:
    """Return words with `$NAME` replaced by what the workflow sets, and `args="-x -n 2"` taken apart."""
    found: list[str] = []
    for word in words:
        text = _VARIABLE.sub(lambda match: _of_env(match, env), word) if "$" in word or "%" in word else word
        assigned = _ASSIGNED.fullmatch(text)
        if assigned:
            text = assigned.group(1)
        found.extend(text.split() if text != word else [word])
    return tuple(found)


def _of_env(match: re.Match[str], env: Mapping[str, Node]) -> str:
    node = env.get(match.group(1) or match.group(2))
    return as_word(node.text) if node is not None and node.is_scalar else match.group(0)
