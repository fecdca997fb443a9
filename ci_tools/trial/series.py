"""Many trials of one command, one after the other, kept on disk: an interrupted series goes on where it ended."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from ci_tools.formats import trial_json
from ci_tools.merge.read import read_bundle
from ci_tools.model.bundle import EXPORTS
from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.model.trial import Conditions, Steering
from ci_tools.shard.run import Running
from ci_tools.shard.signals import passing_signals_on
from ci_tools.shard.tail import Tail
from ci_tools.shard.watch import Limits
from ci_tools.store.files import read_text, write_text
from ci_tools.store.locks import Lock, LockHeldError, LockTimeoutError
from ci_tools.trial.result import Result
from ci_tools.trial.run import Trial, read_trial, run_trial

MARK = ".ci-tools-trials"
FINISHED = "finished.json"  # written last, beside the trial's bundle


class Listener(Protocol):
    """Who follows a series: `tail` is what the running trial has written so far."""

    def begin(self, name: str) -> None: ...
    def look(self, name: str, tail: Tail) -> None: ...
    def end(self, name: str, result: Result, *, is_resumed: bool) -> None: ...


class Series:
    """Trials below `directory`, each in a directory of its own name.

    With `resume`, a trial that was finished there with the same command, conditions and steering is
    read and not run again; without, what an earlier series left is removed.
    """

    def __init__(
        self,
        directory: Path,
        command: tuple[str, ...],
        environ: Mapping[str, str],
        *,
        say: Callable[[str], None],
        limits: Limits | None = None,
        resume: bool = False,
        listener: Listener | None = None,
    ) -> None:
        """Raises UsageError when the directory holds something else than trials, or another process runs some there."""
        self.directory = directory
        self.command = command
        self.n_run = 0
        self.n_resumed = 0
        self._environ = environ
        self._say = say
        self._limits = limits or Limits()
        self._resume = resume
        self._listener = listener
        _check(directory)
        write_text(directory / MARK, "")
        weakref.finalize(self, _locked(directory).release)
        if not resume:
            shutil.rmtree(directory / "trials", ignore_errors=True)
        write_text(directory / ".gitignore", "*\n")

    def run(self, name: str, conditions: Conditions, steering: Steering | None = None) -> Result:
        """Return the result of a trial, from disk when it is there; `name` is unique in the series.

        Raises what `run_trial` raises, KeyboardInterrupt when it was interrupted.
        """
        trial = Trial(
            command=self.command,
            out=self.directory / "trials" / name,
            conditions=conditions,
            steering=steering or Steering(),
            limits=self._limits,
        )
        label = label_of(trial)
        if self._listener:
            self._listener.begin(name)
        result = _kept(trial, label) if self._resume else None
        is_resumed = result is not None
        self.n_resumed += is_resumed
        if result is None:
            self.n_run += 1
            shutil.rmtree(trial.out, ignore_errors=True)
            result = self._run(name, trial)
            _slim(result.bundle)
            write_text(trial.out / FINISHED, label)
        if self._listener:
            self._listener.end(name, result, is_resumed=is_resumed)
        return result

    def _run(self, name: str, trial: Trial) -> Result:
        def look(running: Running) -> None:
            if self._listener:
                self._listener.look(name, running.watch.tail)

        with _passing_signals_on() as follow:
            return run_trial(trial, self._environ, say=self._say, follow=follow, look=look)


def label_of(trial: Trial) -> str:
    """Return what a trial was run with, as text that is the same only for the same."""
    conditions = trial.conditions
    return json.dumps(
        {
            "command": trial.command,
            "hash_seed": conditions.hash_seed,
            "tz": conditions.tz,
            "stress": conditions.stress,
            "stuck_after_s": trial.limits.stuck_after_s,
            "asked": trial_json.dumps(trial.asked),
        },
        indent=1,
    )


def _kept(trial: Trial, label: str) -> Result | None:
    """Return the result of a trial that is on disk whole, and was run with the same."""
    with contextlib.suppress(CiToolsError):
        if read_text(trial.out / FINISHED) == label and not read_bundle(trial.job.bundle).problems:
            return read_trial(trial)
    return None


def _check(directory: Path) -> None:
    try:
        if any(directory.iterdir()) and not (directory / MARK).exists():
            raise UsageError(f"{directory}: not empty, and not of earlier trials", hint="choose another --out")
    except FileNotFoundError:
        pass
    except OSError as error:
        raise UsageError(f"{directory}: {error.strerror}", hint="choose another --out") from None


def _locked(directory: Path) -> Lock:
    """Keep other processes off while this one is there; series of one process come one after the other."""
    lock = Lock(directory / f"{MARK}.lock", timeout_s=0)
    try:
        with contextlib.suppress(LockHeldError):
            lock.acquire()
    except LockTimeoutError:
        raise UsageError(
            f"{directory}: another run is using it", hint="wait for its end, or choose another --out"
        ) from None
    return lock


def _slim(bundle: Path) -> None:
    """Remove what is made from the facts, and can be made anew."""
    for name in EXPORTS:
        (bundle / name).unlink(missing_ok=True)


@contextlib.contextmanager
def _passing_signals_on() -> Iterator[Callable[[Running], None] | None]:
    """Hand SIGINT and SIGTERM through where they arrive: in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield None
        return
    with passing_signals_on() as attach:
        yield attach
