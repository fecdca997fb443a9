"""Files read with a limit and written whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from ci_tools.model.errors import CiToolsError
from ci_tools.model.words import size

MAX_BYTES = 100_000_000


def read_text(path: Path, *, hint: str = "", max_bytes: int = MAX_BYTES) -> str:
    """Return a UTF-8 file's text; CiToolsError when it is missing, too large or not text."""
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise CiToolsError(f"no such file: {path}", hint=hint) from None
    except OSError as error:
        raise CiToolsError(f"{path}: can't be read: {error.strerror}", hint=hint) from None
    if len(data) > max_bytes:
        found = size(path.stat().st_size)
        raise CiToolsError(
            f"{path}: {found}, the limit is {size(max_bytes)}",
            hint="check that this is the file you mean",
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CiToolsError(
            f"{path}: not UTF-8 text (byte {error.start})", hint="check that this is the file you mean"
        ) from None


def write_text(path: Path, text: str) -> None:
    """Replace a file's text atomically; on failure the old file stays whole.

    Raises CiToolsError when it can't be written (no space, no permission).
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise CiToolsError(
            f"{path}: can't be written: {error.strerror}", hint="free some space or choose another --out"
        ) from None


def sha256(path: Path) -> str:
    """Return a file's SHA-256, 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
