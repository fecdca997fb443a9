"""A job without a runner: one stand-in at a time, started as act starts it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from runner.store import Store
from runner.uses import STANDINS, load, steps

RUN = 7
CONTEXT = {
    "${{ github.repository }}": "org/user",
    "${{ github.run_id }}": str(RUN),
    "${{ github.token }}": "the-token",
}


@dataclass(frozen=True)
class Used:
    """One use of an action: exit code, log, outputs."""

    code: int
    log: str
    outputs: dict[str, str]


@dataclass
class Job:
    """A job of a run, its workspace and its branch."""

    root: Path
    ref: str = "refs/heads/main"
    base: str = ""
    run_id: int = RUN

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    @property
    def temp(self) -> Path:
        return self.root / "temp"

    @property
    def store(self) -> Store:
        return Store(self.root.parent / "store")

    def write(self, *paths: str) -> Job:
        """Write files below the workspace; each holds its own path."""
        for path in paths:
            target = self.workspace / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(path)
        return self

    def use(self, action: str, **inputs: str) -> Used:
        """Run a stand-in as act does; `_` in the name of an input stands for `-`."""
        for directory in (self.workspace, self.temp):
            directory.mkdir(parents=True, exist_ok=True)
        document = load(STANDINS / action / "action.yml")
        defaults = {name: spec.get("default", "") for name, spec in document["inputs"].items()}
        given = {name: CONTEXT.get(default, default) for name, default in defaults.items()}
        wanted = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert wanted.keys() <= given.keys()
        (step,) = steps(document)
        output, event = self.root / "output", self.root / "event.json"
        output.write_text("")
        event.write_text('{"repository": {"default_branch": "main"}}')
        env = {
            "STANDIN_WITH": json.dumps({**given, **wanted}),
            "STANDIN_STORE": str(self.store.root),
            "STANDINS": str(STANDINS),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_RUN_ID": str(self.run_id),
            "GITHUB_REPOSITORY": "org/user",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": "a" * 40,
            "GITHUB_REF": self.ref,
            "GITHUB_BASE_REF": self.base,
        }
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]], env={**os.environ, **env}, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr
        outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
        return Used(done.returncode, done.stdout, outputs)

    def files(self, directory: str = ".") -> list[str]:
        root = self.workspace / directory
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
