"""Environment variables of this process, changed and put back; and the values that they and settings get."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ci_tools.model.dburl import DatabaseUrl, Family, parse
from ci_tools.model.errors import UsageError
from ci_tools.plugin.run import Run

# Asked for by variable, so that a library finds its own place wherever it looks.
PLACES = {
    **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), "tmp"),
    "XDG_DATA_HOME": "data",
    "XDG_CACHE_HOME": "cache",
    "XDG_CONFIG_HOME": "config",
    "XDG_STATE_HOME": "state",
}


class Environment:
    """What was changed, and what it was before."""

    def __init__(self) -> None:
        self._before: dict[str, str | None] = {}
        self._ours: dict[str, str] = {}
        self._tempdir = tempfile.tempdir

    def set(self, values: Mapping[str, str]) -> None:
        """Set variables, and let `tempfile` look at them again."""
        for name, value in values.items():
            self._before.setdefault(name, os.environ.get(name))
            self._ours[name] = os.environ[name] = value
        tempfile.tempdir = None

    def is_lost(self, name: str) -> bool:
        """Return whether somebody else has changed it since."""
        return name in self._ours and os.environ.get(name) != self._ours[name]

    def restore(self) -> None:
        """Put back what is still ours."""
        for name, value in self._before.items():
            if self.is_lost(name):
                continue
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        self._before, self._ours = {}, {}
        tempfile.tempdir = self._tempdir


class Values:
    """What the words of `[tool.ci-tools.isolation]` mean for one worker."""

    def __init__(self, run: Run, cwd: Path, present: Mapping[str, str | None]) -> None:
        self._run = run
        self._cwd = cwd
        self._present = present
        self._urls: dict[str, str] = {}
        self.leases = contextlib.ExitStack()

    def of(self, name: str, wanted: str, present: str | None, *, empty: bool = False) -> str:
        """Return the value of a variable or an attribute. Raises CiToolsError when there is none to be had."""
        if wanted == "dir":
            folder = self._run.worker_root / "dirs" / re.sub(r"[^\w.-]", "_", name)
            folder.mkdir(parents=True, exist_ok=True)
            return str(folder)
        if wanted == "port":
            from ci_tools.store.ports import leased_ports

            return str(self.leases.enter_context(leased_ports(1))[0])
        if wanted != "db-url":
            return self.filled(wanted)
        url = self.check_url(name, present)
        if str(url) not in self._urls:  # where two variables lead to one database, they still do
            try:
                self._urls[str(url)] = self._worker_url(url, empty=empty)
            except UsageError as error:
                raise UsageError(f"{name}: {error.fact}", hint=error.hint) from None
        return self._urls[str(url)]

    def _worker_url(self, url: DatabaseUrl, *, empty: bool) -> str:
        from ci_tools.plugin.isolation.databases import redis_indexes, redis_url, worker_url

        if url.family is not Family.REDIS:
            return worker_url(url, self._run, self._cwd)
        return redis_url(url, self.leases, reserved=redis_indexes(self._present.values()), empty=empty)

    def check_url(self, name: str, present: str | None) -> DatabaseUrl:
        """Return the database's URL that is there. UsageError when there is none that could be changed."""
        if not present:
            raise UsageError(
                f"{name} is not set, so there is no database's URL to change",
                hint='set it before pytest starts, or give it a text, like "sqlite:///{worker_dir}/app.db"',
            )
        try:
            return parse(present)
        except UsageError as error:
            raise UsageError(f"{name}: {error.fact}", hint=error.hint) from None

    def filled(self, text: str) -> str:
        """Return a text with its placeholders filled in."""
        values = {
            "worker_dir": str(self._run.worker_root),
            "worker": self._run.worker,
            "run_id": self._run.id,
            "shard": str(self._run.shard),
        }
        return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), text)
