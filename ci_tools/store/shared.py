"""Files that several processes change: each change reads what is there, under a lock, and nothing is kept in memory."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ci_tools.model.errors import CiToolsError
from ci_tools.store.files import MAX_BYTES, read_text
from ci_tools.store.locks import Lock

TIMEOUT_S = 30.0  # a change takes about a millisecond


def change_text(
    path: Path, change: Callable[[str | None], str], *, timeout_s: float | None = TIMEOUT_S, max_bytes: int = MAX_BYTES
) -> str:
    """Make of a file's text, None when there is no file, what `change` returns; return that.

    No other change comes between reading and writing; what is returned is on the disk. When `change` raises, or
    nothing can be written, the file stays as it was. Raises what `change` raises; LockTimeoutError;
    CiToolsError when the file can't be read or written.
    """
    with _locked(path, timeout_s) as real:
        text = _text_or_none(real, max_bytes)
        new = change(text)
        _settle(real, text, new)
    return new


class Store:
    """A JSON object in a file that processes share. Nothing of it is kept here: each use reads the file anew."""

    def __init__(self, path: Path, *, timeout_s: float | None = TIMEOUT_S) -> None:
        self.path = path
        self._timeout_s = timeout_s

    @contextlib.contextmanager
    def changing(self) -> Iterator[dict[str, Any]]:
        """Yield the object as it is now, {} when there is no file; what was done to it is written at the end.

        Others wait until then: decide within, and be quick. After an exception nothing is written.
        Raises what `change_text` does, and TypeError or ValueError for what isn't JSON.
        """
        with _locked(self.path, self._timeout_s) as real:
            state = _object(_text_or_none(real, MAX_BYTES), self.path)
            before = _dumps(state)
            yield state
            _settle(real, before, _dumps(state))

    def read(self) -> dict[str, Any]:
        """Return the object as it was just now, {} when there is no file. To decide by it, use `changing`."""
        return _object(_text_or_none(self.path, MAX_BYTES), self.path)


@contextlib.contextmanager
def _locked(path: Path, timeout_s: float | None) -> Iterator[Path]:
    """Hold the lock of a file; yield its real path: what a link leads to is replaced, not the link."""
    real = Path(os.path.realpath(path))
    with Lock(_beside(real, "lock"), timeout_s=timeout_s, transient=True):
        yield real


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f".{path.name}.{what}")


def _text_or_none(path: Path, max_bytes: int) -> str | None:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe would wait
            raise CiToolsError(f"{path}: not a regular file", hint="name another one")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CiToolsError(f"{path}: can't be read: {error.strerror}") from None
    return read_text(path, max_bytes=max_bytes)


def _object(text: str | None, path: Path) -> dict[str, Any]:
    try:
        value = {} if text is None else json.loads(text)
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else error
        raise CiToolsError(f"{path}: not JSON: {why}", hint="remove it, and it begins anew") from None
    if not isinstance(value, dict):
        raise CiToolsError(f"{path}: not a JSON object", hint="remove it, and it begins anew")
    return value


def _dumps(state: dict[str, Any]) -> str:
    return json.dumps(state, indent=1, allow_nan=False) + "\n"


def _settle(path: Path, old: str | None, new: str) -> None:
    """Write the new text; without a difference only sweep away what a writer that died has left."""
    data = new.encode()
    temporary = _beside(path, "new")
    try:
        temporary.unlink(missing_ok=True)  # always this one name: under the lock it is nobody else's
        if new != old:
            _replace(path, temporary, data)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        fact = f"{path}: can't be written: {error.strerror}"
        raise CiToolsError(fact, hint="it is as it was; free some space, or see who may write there") from None


def _replace(path: Path, temporary: Path, data: bytes) -> None:
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
    with temporary.open("xb") as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    handle = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    with contextlib.suppress(OSError):  # not every file system can; the file is the new one in any case
        os.fsync(handle)
    os.close(handle)
