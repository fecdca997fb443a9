"""Whatever is in the files: findings, never an exception."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ci_tools.doctor.diagnose import diagnose
from ci_tools.doctor.project import Project, Suite
from ci_tools.doctor.read import read_workflow
from ci_tools.doctor.text import as_json, as_text
from doctor.casebook import cases

KEYS = ("name", "on", "env", "if", "needs", "with", "uses", "run", "steps", "strategy", "matrix", "include", "exclude")
KEYS += (
    "fail-fast",
    "permissions",
    "defaults",
    "working-directory",
    "timeout-minutes",
    "shard",
    "group",
    "path",
    "plan",
)
WORDS = (
    *KEYS,
    *("pattern", "command", "pytest", "args", "merge", "comment", "shards", "key", "deadline-minutes", "tox", "tests"),
    *("actions/upload-artifact@v4", "actions/download-artifact@v8", "actions/cache@v4", "org/xdist-ci@v1"),
    *("pull_request_target", "workflow_run", "push", "--splits", "--group", "--shard-id=1", "-x", "-n0", "-n", "--cov"),
    *("${{ matrix.shard }}", "${{ matrix.group.x }}", "${{ strategy.job-total }}", "${{ env.X }}", "${{ }}", "${{"),
    *("2", "-1", "nan", "inf", "1/2", "../..", "/", ".", "'", '"', "\\", "<<:", "&&", "|", "#"),
)
SUITE = Suite(path="pytest.ini", line=1, addopts=("-n", "--cov", "--maxfail", "-p", "--splits", "2", "--group"))
MUTANTS = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])

words = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
leaf = st.one_of(words, st.sampled_from([None, True, 0, 1.5, "\n", "\x1b"]))
branch = st.one_of(leaf, st.lists(leaf, max_size=3), st.dictionaries(st.sampled_from(KEYS), leaf, max_size=3))
tree = st.one_of(branch, st.lists(branch, max_size=3), st.dictionaries(st.sampled_from(KEYS), branch, max_size=4))


def is_judged(workflow_text: str) -> None:
    """Fail if the text raises anywhere between reading and printing."""
    workflow, problems = read_workflow(workflow_text, "x.yml")
    workflows = (workflow,) if workflow else ()
    lines = tuple(workflow_text.split("\n"))
    project = Project(workflows=workflows, problems=tuple(problems), suites={".": SUITE}, sources={"x.yml": lines})
    diagnosis = diagnose(project)
    assert workflow or diagnosis.findings
    assert as_json(diagnosis) and all(line.isprintable() for line in as_text(diagnosis).split("\n"))


@MUTANTS
@given(st.text(max_size=200))
@example("jobs: {a: {strategy: {matrix: {shard: [1, 2]}}, steps: [{run: pytest, if: !!binary x}]}}")
@example("? [jobs]\n: {}")
@example("jobs: {? {a: b} : {steps: [{run: pytest}]}}")
def test_any_text(workflow_text: str) -> None:
    is_judged(workflow_text)


@MUTANTS
@given(st.dictionaries(words, st.dictionaries(st.sampled_from(KEYS), tree, max_size=6), max_size=3))
def test_any_tree_with_a_workflow_s_words(jobs: object) -> None:
    is_judged(yaml.safe_dump({"on": "push", "jobs": jobs}, allow_unicode=True))


@MUTANTS
@given(case=st.sampled_from([*cases("good"), *cases("bad")]), seed=st.integers(0, 10**6))
def test_any_mutation_of_a_case(case: Path, seed: int) -> None:
    """Lines are lost, doubled and swapped, words replaced, the end cut off."""
    chance = random.Random(seed)
    lines = case.read_text().split("\n")
    for _ in range(chance.randint(1, 5)):
        index = chance.randrange(len(lines))
        kind = chance.randrange(5)
        if kind == 0 and len(lines) > 1:
            del lines[index]
        elif kind == 1:
            lines.insert(index, lines[chance.randrange(len(lines))])
        elif kind == 2:
            words = lines[index].split(" ")
            words[chance.randrange(len(words))] = chance.choice(WORDS)
            lines[index] = " ".join(words)
        elif kind == 3:
            lines[index] = lines[index][: chance.randrange(len(lines[index]) + 1)]
        else:
            lines[index] = chance.choice([" ", "  ", "\t"]) + lines[index]
    is_judged("\n".join(lines))


@pytest.mark.parametrize(
    "workflow_text",
    [
        "jobs:\n  a:\n    steps:\n      - run: |\n          " + "${{" * 20_000,
        "jobs: {a: {if: '" + "needs[" * 20_000 + "', needs: b, steps: [{run: pytest}]}}",
        "jobs: {a: {strategy: {matrix: {include: [" + "{shard: 1}," * 20_000 + "]}}, steps: [{run: pytest}]}}",
        "jobs:\n" + "".join(f"  j{i}: {{needs: j{i - 1}, steps: [{{run: pytest}}]}}\n" for i in range(300)),
        "jobs: {a: {steps: [" + "{run: 'pytest -x'}," * 5_000 + "]}}",
    ],
    ids=["expressions", "brackets", "include", "chain", "steps"],
)
def test_large_and_repetitive(workflow_text: str) -> None:
    is_judged(workflow_text)
