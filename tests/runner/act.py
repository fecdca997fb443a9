"""Runs the workflows of a made-up repository with nektos/act, on this machine: no container, nothing fetched."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

import guests
from runner import events
from runner.log import ActRun
from runner.store import Store
from runner.uses import STANDINS, load, local_repositories, steps

ACT = Path(sys.executable).with_name("act")
LABELS = ("ubuntu-latest", "ubuntu-24.04", "ubuntu-slim")
TOKEN = "ghs_0123456789abcdef0123456789abcdef"  # long: act masks every occurrence in its log
RUN_ID = 9001
TIMEOUT_S = 300
DATE = "2026-01-01T00:00:00Z"  # the same tree gets the same SHA in every test

# Of the environment of the tests a job gets only what the network and pip need: not their PYTHONPATH, PYTEST_*, CI, …
PASSED_ON = ("HOME", "LANG", "USER", "PIP_", "UV_", "SSL_", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass
class Repository:
    """A user's git repository on GitHub, and the runs of its workflows.

    `actions` says where the repositories are whose actions it uses: owner/name → directory. `seeds` are put into each
    job's RUNNER_TEMP before its first step: relative path → file or directory, linked.
    """

    root: Path
    name: str = "org/user"
    default_branch: str = "main"
    actions: Mapping[str, Path] = field(default_factory=dict)
    seeds: Mapping[str, Path] = field(default_factory=dict)
    store: Store = field(init=False)
    runs: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.root = self.root / "repository"
        self.store = Store(self.root.parent / "store")
        self.root.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch", self.default_branch)
        self.git("remote", "add", "origin", f"https://github.com/{self.name}.git")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")

    def write(self, path: str, text: str) -> Repository:
        """Write a file; it counts when it is committed."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text), encoding="utf-8")
        return self

    def commit(self, message: str = "change") -> str:
        """Commit everything and return the SHA."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.head

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def run(
        self,
        event: str,
        *,
        payload: Mapping[str, Any] | None = None,
        attempt: int = 1,
        run_id: int = RUN_ID,
        matrix: Iterable[str] = (),
        job: str | None = None,
        workflow: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> ActRun:
        """Run what `event` triggers, at HEAD. Without a payload it is GitHub's sample, moved to this repository.

        `matrix` ("shard:2") and `job` choose legs and a job, with what it needs: GitHub's "re-run failed jobs".
        `env` is every job's environment; GITHUB_API_URL leads nowhere unless it is given there.
        """
        self.runs += 1
        here = self.root.parent / f"run-{self.runs}"
        here.mkdir()
        found = payload or events.moved(events.payload(event), repository=self.name, head_sha=self.head)
        (here / "event.json").write_text(json.dumps(found))
        words = [*self._command(event, here), "--eventpath", str(here / "event.json")]
        words += ["--job", job] if job else []
        words += ["--workflows", f".github/workflows/{workflow}"] if workflow else []
        words += [word for leg in matrix for word in ("--matrix", leg)]
        given = {"GITHUB_RUN_ATTEMPT": str(attempt), "GITHUB_RUN_ID": str(run_id), "GITHUB_RUN_NUMBER": str(run_id)}
        for name, value in {**self._environment(event, found), **given, **(env or {})}.items():
            words += ["--env", f"{name}={value}"]
        done = subprocess.run(
            words,
            cwd=self.root,
            env={**_passed_on(), "PATH": _path(here, self.seeds)},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        return ActRun.of(done.returncode, done.stdout, done.stderr, self._known())

    def git(self, *words: str) -> str:
        """Run git in the repository and return what it prints."""
        person = {"NAME": "octo", "EMAIL": "octo@example.org", "DATE": DATE}
        env = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()}
        done = subprocess.run(
            ["git", *words], cwd=self.root, env={**os.environ, **env}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _command(self, event: str, here: Path) -> list[str]:
        words = [str(ACT), event, "--json", "--action-offline-mode", "--pull=false", "--no-cache-server"]
        words += ["--no-skip-checkout", "--action-cache-path", str(here / "jobs"), "--secret", f"GITHUB_TOKEN={TOKEN}"]
        for label in LABELS:
            words += ["--platform", f"{label}=-self-hosted"]
        for uses, directory in local_repositories(self.root, self.actions).items():
            words += ["--local-repository", f"{uses}={directory}"]
        return words

    def _environment(self, event: str, payload: Mapping[str, Any]) -> dict[str, str]:
        """Return what act would set wrongly, or not at all."""
        env = {
            "GITHUB_API_URL": "http://127.0.0.1:9",
            "GITHUB_REPOSITORY_ID": str(payload.get("repository", {}).get("id", "")),
            "RUNNER_NAME": "act",
            "RUNNER_ENVIRONMENT": "github-hosted",
            "STANDINS": str(STANDINS),
            "STANDIN_STORE": str(self.store.root),
            "STANDIN_CHECKOUT": str(self.root),
            "STANDIN_SITE": str(_site()),
        }
        if event == "merge_group":
            env["GITHUB_REF"] = payload["merge_group"]["head_ref"]
        if event == "pull_request":
            # act's name for GITHUB_SHA, which on GitHub isn't the head of the pull request.
            env["SHA_REF"] = self._merge_commit(payload["pull_request"]["number"])
        return env

    def _merge_commit(self, number: int) -> str:
        sha = self.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", f"Merge pull request #{number}")
        self.git("update-ref", f"refs/pull/{number}/merge", sha)
        return sha

    def _known(self) -> frozenset[str]:
        """Return all names of jobs and steps, so that a test can't ask for one that doesn't exist."""
        homes = [self.root, STANDINS, *self.actions.values()]
        files = [f for home in homes for f in (*home.glob(".github/workflows/*.y*ml"), *home.glob("**/action.yml"))]
        documents = [load(file) for file in files]
        names = {word for d in documents for step in steps(d) for word in (step.get("id"), step.get("name")) if word}
        return frozenset(names | {job for d in documents for job in d.get("jobs", {})})


def _passed_on() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON) or name in PROXIES}


def _path(here: Path, seeds: Mapping[str, Path]) -> str:
    """Return a PATH whose bash makes each job a machine of its own, and whose python3 has nothing installed."""
    host = here / "host"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", host], check=True)
    lines = ["#!/bin/sh", 'if [ -n "$RUNNER_TEMP" ]; then', 'export TMPDIR="${RUNNER_TEMP%/*}/machine"']
    lines.append('mkdir -p "$RUNNER_TEMP" "$TMPDIR"')
    for path, source in seeds.items():
        link = f'"$RUNNER_TEMP"/{shlex.quote(path)}'
        lines.append(f'[ -e {link} ] || {{ mkdir -p "$(dirname {link})"; ln -s {shlex.quote(str(source))} {link}; }}')
    (host / "bin/bash").write_text("\n".join([*lines, "fi", f'exec {shutil.which("bash")} "$@"', ""]))
    (host / "bin/bash").chmod(0o755)
    others = [entry for entry in os.environ["PATH"].split(os.pathsep) if not Path(entry).is_relative_to(sys.prefix)]
    return os.pathsep.join([f"{host}/bin", *others])


@cache
def _site() -> Path:
    python = guests.python_with("runner", "pip", "pytest", "pytest-xdist")
    (site,) = python.parents[1].glob("lib/python*/site-packages")
    return site
