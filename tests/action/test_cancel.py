"""A job that is cancelled: GitHub's runner sends SIGINT to the step's process, and waits 7.5 s."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import yaml
from project import Project

from ci_tools.merge.read import read_bundle
from ci_tools.merge.state import shard_state

ROOT = Path(__file__).parents[2]
STEPS = {step["id"]: step.get("run") for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]}


def step(name: str, project: Project, **env: str) -> subprocess.Popen[bytes]:
    """Start a step of action.yml as the runner does: its script in a file, for bash."""
    script = project.root / f"{name}.sh"
    script.write_text(STEPS[name])
    around = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_OUTPUT": str(project.root / "output"),
        "RUNNER_TEMP": str(project.root / "temp"),
        "XDIST_CI_INPUT_SHARD": "1/1",
        "XDIST_CI_INPUT_WORKERS": "1",
        "XDIST_CI_INPUT_PLAN": str(project.root / "plan.json"),
    }
    return subprocess.Popen(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script], env=around | env, cwd=project.root
    )


def test_a_cancelled_shard_is_sealed_with_what_had_finished(project: Project) -> None:
    project.write(
        test_a="""
        import time, pathlib

        def test_quick(): ...

        def test_slow():
            pathlib.Path("begun").touch()
            time.sleep(60)
    """
    ).plan(1)
    assert step("begin", project).wait(30) == 0
    inputs = re.search(r"^inputs<<.*\n(.*)$", (project.root / "output").read_text(), re.M)
    assert inputs is not None
    running = step("run", project, XDIST_CI_INPUTS=inputs[1])
    end_s = time.monotonic() + 60
    while not (project.root / "begun").exists() and time.monotonic() < end_s:
        time.sleep(0.05)

    running.send_signal(signal.SIGINT)
    assert running.wait(7.5) == 3
    bundle = read_bundle(Path(inputs[1]).parent / "bundles" / "shard-1-of-1-attempt-1")
    assert bundle.plan is not None
    state, reason = shard_state(bundle, bundle.plan)
    assert (state.value, reason) == ("killed", "interrupted by SIGINT while running 'test_a.py::test_slow'")
    assert [attempt.nodeid for session in bundle.sessions for attempt in session.attempts] == ["test_a.py::test_quick"]
