"""What runs that were killed have left on this host: swept away when nobody can need it any more."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from pathlib import Path

from ci_tools.model.errors import CiToolsError
from ci_tools.store.locks import Lock

ALIVE, KEPT = "alive.lock", "kept"  # in the directory of a run: held by its processes; there when it is to stay
OLD_S, KEPT_S = 86_400, 7 * 86_400
PAUSE_S = 3_600
_RUN = re.compile(r"[0-9a-f]{8}")


def sweep_now_and_then(host: Path) -> None:
    """Sweep, at most once an hour on this host; errors are nobody's concern: the next run sweeps again."""
    last = host / "swept"
    with contextlib.suppress(OSError, CiToolsError):
        if not last.exists() or not 0 <= time.time() - last.stat().st_mtime <= PAUSE_S:  # or the clock was set
            last.touch(mode=0o600)
            sweep(host)


def sweep(host: Path) -> tuple[Path, ...]:
    """Remove the directories of runs that have ended, a day after their last change, kept ones after a week.

    Return them, sorted. Nothing else in the host's directory is touched, and no link is followed.
    """
    with os.scandir(host) as entries:
        found = sorted(Path(entry.path) for entry in entries if _is_run(entry))
    return tuple(path for path in found if _swept(path))


def _is_run(entry: os.DirEntry[str]) -> bool:
    return bool(_RUN.fullmatch(entry.name)) and entry.is_dir(follow_symlinks=False)


def _swept(run: Path) -> bool:
    with contextlib.suppress(OSError, CiToolsError):
        if not _is_old(run):
            return False
        with Lock(run / ALIVE, timeout_s=0):  # a run that begins now waits, and makes itself another directory
            remove(run)
        return not run.exists()
    return False


def remove(run: Path) -> None:
    """Remove a run's directory, with folders that tests have made read-only; what can't be removed stays."""
    shutil.rmtree(run, ignore_errors=True)
    for folder, names, _ in os.walk(run):  # nothing, as a rule
        for path in (os.path.join(folder, name) for name in names):
            if not os.path.islink(path):
                with contextlib.suppress(OSError):
                    os.chmod(path, 0o700)
    shutil.rmtree(run, ignore_errors=True)


def _is_old(run: Path) -> bool:
    old_s = KEPT_S if (run / KEPT).exists() else OLD_S
    return time.time() - run.lstat().st_mtime > old_s
