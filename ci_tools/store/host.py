"""The directory that all runs of one user on one host share: leases, locks, and the runs' own directories."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from ci_tools.model.errors import CiToolsError

VARIABLE = "CI_TOOLS_HOST_DIR"


def host_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the directory is, or would be: CI_TOOLS_HOST_DIR, else `/tmp/xdist-ci-<user id>`.

    TMPDIR doesn't move it: runs that differ in it meet here all the same. Its path is short, as the
    sockets that tests put below it need (104 bytes).
    """
    return Path(environ.get(VARIABLE) or f"/tmp/xdist-ci-{os.getuid()}")


def host_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the directory, made when it isn't there.

    Raises CiToolsError when it is somebody else's, or others may write to it, or it isn't absolute.
    """
    path = host_path(environ)
    hint = f"remove it, or set {VARIABLE} to a directory of your own"
    if not path.is_absolute():  # each process would have its own, and another one after chdir
        raise CiToolsError(f"{VARIABLE}: {str(path)!r} is no absolute path", hint="begin it with a slash")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise CiToolsError(f"{path}: can't be made: {error.strerror}", hint=hint) from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise CiToolsError(f"{path}: not a directory that only this user can write to", hint=hint)
    return path
