"""Many trials of one command, one after the other, kept on disk: an interrupted series goes on where it ended."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from ci_tools.model.errors import UsageError
from ci_tools.model.trial import Conditions, Steering
from ci_tools.shard.watch import Limits
from ci_tools.store.files import write_text
from ci_tools.trial.run import Result, Trial, run_trial

MARK = ".ci-tools-trials"


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
    ) -> None:
        """Raises UsageError when the directory holds something else than trials."""
        self.directory = directory
        self.command = command
        self.n_run = 0
        self.n_resumed = 0
        self._environ = environ
        self._say = say
        self._limits = limits or Limits()
        if directory.exists() and any(directory.iterdir()) and not (directory / MARK).exists():
            raise UsageError(f"{directory}: not empty, and not of earlier trials", hint="choose another --out")
        if not resume:
            shutil.rmtree(directory / "trials", ignore_errors=True)
        write_text(directory / MARK, "")
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
        shutil.rmtree(trial.out, ignore_errors=True)
        self.n_run += 1
        return run_trial(trial, self._environ, say=self._say)
