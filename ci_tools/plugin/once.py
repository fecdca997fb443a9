"""`once`: a thing that one worker builds for all of them, and the last one tears down."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ci_tools.model.errors import CiToolsError
from ci_tools.plugin.reference import Reference, refer, resolve
from ci_tools.plugin.run import RUN, Run
from ci_tools.plugin.summary import tell
from ci_tools.store.locks import Lock

Value = TypeVar("Value")


class OnceError(CiToolsError):
    """The thing isn't there: its build failed, here or in another worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What is in a thing's file: pickled by one worker, for others of its own run.

    `failure` is a traceback, `skipped` a reason; with one of them there is no `value`. `at_ns` is on
    the clock that all processes of a host share.
    """

    name: str
    build: str
    worker: str
    at_ns: int
    value: bytes = b""
    failure: str = ""
    skipped: str | None = None
    teardown: Reference | None = None


class Once:
    """The fixture `once`, one per process."""

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self._config = config
        self._run = run
        self._values: dict[str, Any] = {}
        self._building: set[tuple[int, str]] = set()
        self._users: int | None = None

    def __call__(
        self, name: str, build: Callable[[], Value], teardown: Callable[[Value], object] | None = None
    ) -> Value:
        """Return what `build()` returned, in whichever worker of this run called it first: a copy, by pickle.

        When all workers have ended, `teardown(value)` is called by the last of them, so it must be a
        function at the top of a module. Raises OnceError when the build failed, at once in all
        workers. A worker that is killed while it builds is followed by the next.
        """
        if name not in self._values:
            self._values[name] = self._shared(name, build, refer(teardown, f"once({name!r})") if teardown else None)
        value: Value = self._values[name]
        return value

    def join(self) -> Path:
        """Be one of those whose last one tears down; return the directory of what is built. Raises CiToolsError."""
        root = self._run.open() / "once"
        if self._users is None:
            try:
                root.mkdir(mode=0o700, exist_ok=True)
                handle = os.open(root / "users", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                fcntl.lockf(handle, fcntl.LOCK_SH)  # waits while the last one of before tears down
            except OSError as error:
                raise CiToolsError(f"{root}: can't be locked: {error.strerror}") from None
            self._users = handle
        return root

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """After the session's fixtures; a worker's report can still be sent then."""
        if self._users is not None:
            self.finish()

    def finish(self) -> None:
        """Leave; who is the last tears down, what was built last first. What goes wrong is told in the terminal."""
        root = self.join()
        handle, self._users = self._users, None
        assert handle is not None
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return  # others are there; should two leave at the same moment, the controller is the last
        else:
            things = [thing for path in root.glob("*.built") if (thing := _read(path)) is not None]
            for thing in sorted(things, key=lambda thing: thing.at_ns, reverse=True):
                _path(root, thing.name).unlink()
                self._tear_down(thing)
        finally:
            os.close(handle)

    # -- building --------------------------------------------------------------------------

    def _shared(self, name: str, build: Callable[[], Value], teardown: Reference | None) -> Any:
        place = (threading.get_ident(), name)
        if place in self._building:
            raise OnceError(f"once({name!r}): its own build asks for it", hint="use another name for one of them")
        path = _path(self.join(), name)
        self._building.add(place)
        try:
            with Lock(path.with_suffix(".lock"), timeout_s=None):
                thing = _read(path)
                if thing is None:
                    thing = self._build(path, name, build, teardown)
        finally:
            self._building.remove(place)
        return _value(thing, _name_of(build))

    def _build(self, path: Path, name: str, build: Callable[[], Value], teardown: Reference | None) -> Built:
        """Call `build` and write down what came of it; its own exception is raised here, and told to the others."""

        def built(**what: Any) -> Built:
            thing = Built(name=name, build=_name_of(build), worker=self._run.worker, at_ns=time.monotonic_ns(), **what)
            _write(path, thing)
            return thing

        try:
            value = build()
        except pytest.skip.Exception as reason:
            built(skipped=str(reason))
            raise
        except (Exception, pytest.fail.Exception):
            built(failure=traceback.format_exc())
            raise
        try:
            return built(value=pickle.dumps(value), teardown=teardown)
        except Exception as error:
            what = f"what {_name_of(build)} returned can't be shared with other workers: {error}"
            built(failure=what)
            if teardown is not None:
                resolve(teardown, self._config)(value)
            hint = "return what pickle can: an address, a path, a name"
            raise OnceError(f"once({name!r}): {what}", hint=hint) from error

    # -- tearing down ----------------------------------------------------------------------

    def _tear_down(self, thing: Built) -> None:
        if thing.teardown is None:
            return
        try:
            value = self._values[thing.name] if thing.name in self._values else pickle.loads(thing.value)
            resolve(thing.teardown, self._config)(value)
        except (Exception, pytest.fail.Exception, pytest.skip.Exception):
            what = f"once({thing.name!r}): {thing.teardown.name} could not tear it down, in {self._run.worker}"
            tell(self._config, problems=[f"{what}\n{traceback.format_exc()}"])


_ONCE: pytest.StashKey[Once] = pytest.StashKey()


def once_of(config: pytest.Config) -> Once:
    """Return this process's one."""
    if _ONCE not in config.stash:
        config.stash[_ONCE] = Once(config, config.stash[RUN])
        config.pluginmanager.register(config.stash[_ONCE], "xdist-ci-once")
    return config.stash[_ONCE]


def _value(thing: Built, build: str) -> Any:
    """Return a copy of the value, or say why there is none."""
    what = f"once({thing.name!r})"
    if thing.build != build:
        raise OnceError(f"{what}: {thing.worker} has built it with {thing.build}, not {build}", hint="use another name")
    if thing.skipped is not None:
        pytest.skip(thing.skipped)
    if thing.failure:
        raise OnceError(f"{what}: {thing.build} failed in {thing.worker}\n{thing.failure}")
    return pickle.loads(thing.value)


def _name_of(build: Callable[[], object]) -> str:
    return f"{getattr(build, '__module__', '?')}.{getattr(build, '__qualname__', type(build).__name__)}"


def _path(root: Path, name: str) -> Path:
    return root / f"{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}.built"


def _read(path: Path) -> Built | None:
    try:
        built: Built = pickle.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return built


def _write(path: Path, thing: Built) -> None:
    """Write it whole or not at all; who is killed in between has built nothing."""
    part = path.with_suffix(".part")
    part.write_bytes(pickle.dumps(thing))
    os.replace(part, path)
