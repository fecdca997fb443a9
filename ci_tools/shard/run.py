"""Run one shard: begin its bundle, start the command, look after it, seal the bundle."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import IO

from ci_tools.formats import manifest_json, plan_json
from ci_tools.model.bundle import EXPORTS, FACTS, bundle_name
from ci_tools.model.cost import Runner
from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.model.plan import Plan
from ci_tools.model.project import Keep
from ci_tools.model.run import Manifest, Session
from ci_tools.model.words import count
from ci_tools.shard import rerun
from ci_tools.shard.command import environment, why_not_loaded
from ci_tools.shard.ending import GITHUB, INTERRUPTED, PATIENT, TERMINATED, Ending
from ci_tools.shard.exports import read_sessions, write_exports
from ci_tools.shard.processes import in_the_child
from ci_tools.shard.stage import stage, temporary
from ci_tools.shard.tidy import remove_empty, remove_links
from ci_tools.shard.watch import Limits, Watch, kill_left_over
from ci_tools.store.files import sha256, write_text
from ci_tools.store.ledger import DIRECTORY

POLL_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to run: `out` is the directory that the bundle's directory goes into.

    `setup_s` is from the start of GitHub's job to that of the command, None when unknown. `keep`
    is None where the project decides what becomes of its workers' directories.
    """

    plan: Plan
    shard: int
    out: Path
    command: tuple[str, ...]
    workers: str = "auto"
    attempt: int = 1
    key: str = ""
    sha: str = ""
    limits: Limits = field(default_factory=Limits)
    reruns: int = 0
    rerun_max_failures: int = 20
    runner: Runner = field(default_factory=Runner)
    price_usd_per_minute: Decimal | None = None
    setup_s: float | None = None
    keep: Keep | None = None

    @property
    def bundle(self) -> Path:
        return self.out / bundle_name(self.shard, len(self.plan.shards), self.attempt)

    @property
    def name(self) -> str:
        return f"shard {self.shard}/{len(self.plan.shards)}"


class Running:
    """A shard whose command is running; `poll` looks after it."""

    def __init__(
        self,
        job: Job,
        manifest: Manifest,
        *,
        env: Mapping[str, str],
        stage: Path,
        output: IO[bytes] | None,
        say: Callable[[str], None],
    ) -> None:
        self.job = job
        self.manifest = manifest
        self.say = say
        self.exit_code: int | None = None
        self.rerun_exit_code: int | None = None
        self.stopped = ""
        self._env = env
        self._stage = stage
        self._output = output
        self._rerun = 0
        self._start_s = time.monotonic()
        self._ending = Ending(self.signal)
        self.process, self.watch = self._start(env)

    def _start(self, env: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], Watch]:
        job = self.job
        process = _spawn(job.command, env, self._output)
        watch = Watch(
            leader=process.pid,
            bundle=job.bundle.absolute(),
            plan=job.plan,
            limits=job.limits,
            say=lambda text: self.say(f"{job.name}: {text}"),
            now_s=self._start_s,
        )
        return process, watch

    def poll(self) -> bool:
        """Look after the command; return whether it and its re-runs have ended."""
        now_s = time.monotonic()
        if self.process.poll() is None:
            if not self._ending.ends_for_sure and (reason := self.watch.look(now_s)):
                self.stop(reason)
            self._ending.look(now_s)
            return False
        self.watch.tail.read(now_s)
        kill_left_over(self.watch.tail, self.process.pid)
        if self.exit_code is None:
            self.exit_code = self.process.returncode
        else:
            self.rerun_exit_code = self.process.returncode
        return not self._run_again()

    def stop(self, reason: str) -> None:
        """End the command, its teardowns run first."""
        self.stopped = reason
        self.say(f"{self.job.name}: {reason}")
        self._ending.begin(PATIENT, time.monotonic())

    def interrupt(self, number: signal.Signals) -> None:
        """Pass SIGINT or SIGTERM on, and see to it that there is time left to seal the bundle."""
        self.stopped = self.stopped or f"interrupted by {number.name}"
        steps = INTERRUPTED if self._env.get("GITHUB_ACTIONS") != "true" else GITHUB
        self._ending.begin(TERMINATED if number is signal.SIGTERM else steps, time.monotonic())

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the command and all that it started, as a terminal's Ctrl-C does."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def _run_again(self) -> bool:
        """Start the next re-run of the failed tests; return whether there is one."""
        job = self.job
        if self._rerun >= job.reruns or self.stopped:
            return False
        try:
            sessions = read_sessions(job.bundle, source=str(job.bundle / "attempts.jsonl"))
        except CiToolsError as error:  # to be told by the verdict; the bundle is sealed in any case
            self.say(f"{job.name}: nothing is run again: {error.fact}")
            return False
        failed = rerun.failed_tests(sessions)
        if not failed:
            return False
        why_not = rerun.why_not(sessions, failed, max_failures=job.rerun_max_failures)
        if why_not:
            self.say(f"{job.name}: nothing is run again: {why_not}")
            self._rerun = job.reruns
            return False
        self._rerun += 1
        again = rerun.environment(sessions, failed, rerun=self._rerun, stage=self._stage)
        self.say(
            f"{job.name}: {count(len(failed), 'failed test')} again in a fresh process ({self._rerun} of {job.reruns})"
        )
        self.process, self.watch = self._start({**self._env, **again})
        return True

    def seal(self) -> Manifest:
        """Seal the bundle of a command that has ended."""
        shutil.rmtree(self._stage, ignore_errors=True)
        job, bundle = self.job, self.job.bundle.absolute()
        remove_links(bundle)  # first: the next would tidy up what one leads to
        remove_empty(bundle / "workers")
        remove_empty(bundle / DIRECTORY)  # the budget's lock
        manifest = replace(
            self.manifest,
            sealed=True,
            exit_code=self.exit_code,
            rerun_exit_code=self.rerun_exit_code,
            stopped=self.stopped,
            end_s=time.time(),
        )
        manifest = _sealed(manifest, bundle, FACTS)  # the proof first: a runner that ends its jobs may not wait
        write_exports(
            bundle,
            manifest,
            job.runner,
            job.price_usd_per_minute,
            setup_s=job.setup_s,
            say=self.say,
            budget_usd=job.plan.shards[job.shard - 1].budget_usd,
        )
        return _sealed(manifest, bundle, EXPORTS)


def _sealed(manifest: Manifest, bundle: Path, names: Sequence[str]) -> Manifest:
    """Write the manifest with the digests of these files too, those of them that are there."""
    digests = {name: sha256(bundle / name) for name in names if (bundle / name).is_file()}
    manifest = replace(manifest, files={**manifest.files, **digests})
    write_text(bundle / "manifest.json", manifest_json.dumps(manifest))
    return manifest


def start(
    job: Job, environ: Mapping[str, str], *, say: Callable[[str], None], output: IO[bytes] | None = None
) -> Running:
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
    staged = temporary()
    try:
        env = environment(
            environ,
            job.command,
            stage=stage(staged),
            out=bundle,
            plan=bundle / "plan.json",
            shard=job.shard,
            nonce=nonce,
            workers=job.workers,
            keep=job.keep,
        )
        return Running(job, manifest, env=env, stage=staged, output=output, say=say)
    except CiToolsError:
        shutil.rmtree(staged, ignore_errors=True)
        raise


def _spawn(command: tuple[str, ...], env: Mapping[str, str], output: IO[bytes] | None) -> subprocess.Popen[bytes]:
    try:
        # A session of its own: a Ctrl-C reaches it once, through us, not twice.
        return subprocess.Popen(
            command,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            preexec_fn=in_the_child(),
        )
    except OSError as error:
        raise CiToolsError(
            f"{command[0]!r} can't be started: {error.strerror}", hint="put the command that runs pytest behind --"
        ) from None


def wait(running: Running) -> Manifest:
    """Look after one shard until it has ended; return its sealed manifest."""
    while not running.poll():
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.process.wait(POLL_S)
    return running.seal()


def sessions_of(job: Job, manifest: Manifest) -> tuple[Session, ...]:
    """Return the pytest sessions that the command ran with our plugin.

    Raises CiToolsError when there is none and the command ended by itself: pytest ran everything,
    or nothing, unrecorded.
    """
    sessions = read_sessions(job.bundle, source=str(job.bundle / "attempts.jsonl"))
    was_killed = manifest.stopped or (manifest.exit_code or 0) < 0
    if not was_killed and not any(session.begin.nonce == manifest.nonce for session in sessions):
        ended = f"exit code {manifest.exit_code}"
        raise CiToolsError(
            f"`{' '.join(job.command)}` ran without the xdist-ci plugin ({ended}): nothing was selected or recorded",
            hint=why_not_loaded(job.command, manifest.exit_code),
        )
    return sessions
