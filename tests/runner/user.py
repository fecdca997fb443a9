"""A user of ours: a repository with tests and one of our starters, run by a real runner."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from github.fake import FakeGitHub
from runner import events
from runner.act import RUN_ID, Repository
from runner.data import ROOT
from runner.log import ActRun

from ci_tools.formats import report_json
from ci_tools.model.report import Report

SET_UP = "python -m pip install -e . pytest pytest-xdist"

# What each file's tests do is said by the environment of the run, so that all attempts have one commit.
TESTS = {
    "tests/test_a.py": """
        def test_a():
            assert True

        def test_b():
            assert True
        """,
    "tests/test_flaky.py": """
        import os

        def test_flaky():
            assert "flaky" not in os.environ.get("BREAK", "") or os.environ["GITHUB_RUN_ATTEMPT"] != "1"
        """,
    "tests/test_red.py": """
        import os

        def test_red():
            assert "red" not in os.environ.get("BREAK", ""), "broken on purpose"
        """,
    "tests/test_z.py": """
        import pytest

        @pytest.mark.parametrize("x", [1, 2])
        def test_z(x):
            assert x

        @pytest.mark.skip(reason="not here")
        def test_skipped(): ...
        """,
}
N_TESTS = 7


def with_starter(
    repository: Repository, *starters: str, changes: Mapping[str, str] | None = None, tests: Mapping[str, str] = TESTS
) -> Repository:
    """Commit the tests and the starters; `changes` are made in their text: what is there → what a user writes.

    Of the set-up nothing needs to be installed here: the stand-in of setup-python has pytest and pytest-xdist.
    """
    for path, text in tests.items():
        repository.write(path, text)
    for starter in starters:
        text = (ROOT / "workflows" / f"{starter}.yml").read_text()
        if starter != "fork-comment":
            for old, new in {SET_UP: "python -m pytest --version", **(changes or {})}.items():
                assert old in text, f"{starter}.yml: no {old!r}"
                text = text.replace(old, new)
        repository.write(f".github/workflows/{starter}.yml", text)
    repository.commit()
    return repository


def pull_request(repository: Repository, github: FakeGitHub, name: str = "pull_request") -> dict[str, Any]:
    """Open a pull request with HEAD; return its event."""
    event = events.moved(events.payload(name), repository=repository.name, head_sha=repository.head)
    github.add_pull(event["pull_request"])
    return event


def rerun_failed(repository: Repository, first: ActRun, *shards: str, attempt: int, **how: Any) -> ActRun:
    """Run some shards again, and what needs them: GitHub's "re-run failed jobs".

    The plan job was green: it isn't run again, its outputs stay. act would run it, so here it only says them.
    """
    path = repository.root / ".github/workflows/sharded.yml"
    text = path.read_text()
    said = {name: value for name, value in first.step("plan", "plan").outputs.items() if value}
    lines = [f'echo {shlex.quote(f"{name}={value}")} >> "$GITHUB_OUTPUT"' for name, value in said.items()]
    script = "\n".join(f"          {line}" for line in lines)
    head, steps, rest = re.split(r"(?<=^    steps:\n)(.*?)(?=^  tests:)", text, maxsplit=1, flags=re.M | re.S)
    path.write_text(f"{head}      - id: plan\n        run: |\n{script}\n\n{rest}")
    assert "command: plan" in steps
    try:
        return repository.run(how.pop("event", "push"), attempt=attempt, matrix=[f"shard:{s}" for s in shards], **how)
    finally:
        path.write_text(text)


def report_of(repository: Repository, *, attempt: int = 1, run_id: int = RUN_ID, key: str = "tests") -> Report:
    """Return the report that the merge job has uploaded."""
    name = f"xdist-ci-{key}--report-attempt-{attempt}"
    return report_json.loads(repository.store.files(run_id, name)["report.json"].decode(), source=name)


def environment_of(product: Path, directory: Path) -> Path:
    """Return the virtual environment that the action makes below RUNNER_TEMP: made by the action itself, once."""
    directory.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-I", product / "action" / "ci-tools", "action", "merge"],
        env={"PATH": "/usr/bin:/bin", "RUNNER_TEMP": str(directory)},
        capture_output=True,
        text=True,
    )
    (made,) = (directory / "xdist-ci").glob("venv-*")
    assert (made / ".ready").exists(), done.stdout + done.stderr
    return made


def shards_of(repository: Repository, *, run_id: int = RUN_ID) -> dict[int, list[str]]:
    """Return shard → the tests that it ran, of the first attempt's report."""
    found: dict[int, list[str]] = {}
    for case in report_of(repository, run_id=run_id).cases:
        found.setdefault(case.shard, []).append(case.nodeid)
    return found
