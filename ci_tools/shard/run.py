"""Run one shard: begin its bundle, start the command, pass signals on, seal the bundle."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import IO

from ci_tools.formats import attempts_jsonl, manifest_json, plan_json
from ci_tools.model.bundle import SEALED_FILES, bundle_name
from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.model.plan import Plan
from ci_tools.model.run import Manifest, Session
from ci_tools.shard.command import environment, why_not_loaded
from ci_tools.shard.stage import stage
from ci_tools.store.files import read_text, sha256, write_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to run: `out` is the directory that the bundle's directory goes into."""

    plan: Plan
    shard: int
    out: Path
    command: tuple[str, ...]
    workers: str = "auto"
    attempt: int = 1
    key: str = ""
    sha: str = ""

    @property
    def bundle(self) -> Path:
        return self.out / bundle_name(self.shard, len(self.plan.shards), self.attempt)


@dataclass(slots=True)
class Running:
    """A shard whose command is running."""

    job: Job
    manifest: Manifest
    process: subprocess.Popen[bytes]
    stage: str

    def signal(self, number: int) -> None:
        """Send a signal to the command and all that it started, as a terminal's Ctrl-C does."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


def start(job: Job, environ: Mapping[str, str], *, output: IO[bytes] | None = None) -> Running:
    """Begin the bundle and start the command; its output goes to ours, or to a file.

    Raises UsageError when the bundle is already there: results are never overwritten.
    """
    bundle = job.bundle.absolute()
    try:
        bundle.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(
            f"{job.bundle}: already holds the results of this shard",
            hint="choose another --out or --attempt, or remove it",
        ) from None
    except OSError as error:
        raise CiToolsError(f"{job.bundle}: can't be made: {error.strerror}", hint="choose another --out") from None
    nonce = secrets.token_hex(8)
    write_text(bundle / "plan.json", plan_json.dumps(job.plan))
    manifest = Manifest(
        shard=job.shard,
        shards=len(job.plan.shards),
        attempt=job.attempt,
        plan_digest=job.plan.digest,
        nonce=nonce,
        command=job.command,
        key=job.key,
        sha=job.sha,
        start_s=time.time(),
    )
    write_text(bundle / "manifest.json", manifest_json.dumps(manifest))
    staged = tempfile.mkdtemp(prefix="xdist-ci-")
    env = environment(
        environ,
        job.command,
        stage=stage(Path(staged)),
        out=bundle,
        plan=bundle / "plan.json",
        shard=job.shard,
        nonce=nonce,
        workers=job.workers,
    )
    process = _spawn(job.command, env, output, staged)
    return Running(job=job, manifest=manifest, process=process, stage=staged)


def _spawn(
    command: tuple[str, ...], env: Mapping[str, str], output: IO[bytes] | None, staged: str
) -> subprocess.Popen[bytes]:
    try:
        # A session of its own: a Ctrl-C reaches it once, through us, not twice.
        return subprocess.Popen(
            command, env=env, stdout=output, stderr=subprocess.STDOUT if output else None, start_new_session=True
        )
    except OSError as error:
        shutil.rmtree(staged, ignore_errors=True)
        raise CiToolsError(
            f"{command[0]!r} can't be started: {error.strerror}", hint="put the command that runs pytest behind --"
        ) from None


def finish(running: Running) -> Manifest:
    """Seal the bundle of a command that has ended."""
    shutil.rmtree(running.stage, ignore_errors=True)
    bundle = running.job.bundle.absolute()
    files = {name: sha256(bundle / name) for name in SEALED_FILES if (bundle / name).is_file()}
    manifest = replace(
        running.manifest, sealed=True, exit_code=running.process.returncode, end_s=time.time(), files=files
    )
    write_text(bundle / "manifest.json", manifest_json.dumps(manifest))
    return manifest


def sessions_of(job: Job, manifest: Manifest) -> tuple[Session, ...]:
    """Return the pytest sessions that the command ran with our plugin.

    Raises CiToolsError when there is none: pytest ran everything, or nothing, unrecorded.
    """
    path = job.bundle / "attempts.jsonl"
    sessions: tuple[Session, ...] = ()
    if path.is_file():
        sessions, _ = attempts_jsonl.loads(read_text(path), source=str(path))
    if not any(session.begin.nonce == manifest.nonce for session in sessions):
        ended = f"exit code {manifest.exit_code}"
        raise CiToolsError(
            f"`{' '.join(job.command)}` ran without the xdist-ci plugin ({ended}): nothing was selected or recorded",
            hint=why_not_loaded(job.command),
        )
    return sessions


@contextlib.contextmanager
def passing_signals_on(running: Running) -> Iterator[None]:
    """Hand SIGINT and SIGTERM through to the command while it runs."""

    def forward(number: int, frame: FrameType | None) -> None:
        running.signal(number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
