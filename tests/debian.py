"""Programs of Debian's packages, installed for the tests when they aren't here."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

CACHE = Path(__file__).parents[1] / ".cache"
INSTALL_TIMEOUT_S = 900


def program(names: Sequence[str], packages: Sequence[str], *folders: str) -> str:
    """Return the path of a program, under the first of its names; of these packages, installed where there is none.

    Raises AssertionError, with apt's words, when it isn't to be had.
    """
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "debian.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        path = _found(names, folders)
        if path is None:
            said = _install(names, packages)
            path = _found(names, folders)
            assert path, f"apt-get installed {' '.join(packages)}, and still no {' or '.join(names)}\n{said}"
    return path


def _found(names: Sequence[str], folders: Sequence[str]) -> str | None:
    below = (str(path) for folder in folders for path in sorted(Path("/").glob(f"{folder[1:]}/{names[0]}")))
    return next(filter(None, map(shutil.which, names)), None) or next(below, None)


def _install(names: Sequence[str], packages: Sequence[str]) -> str:
    what = packages[0].capitalize()
    assert shutil.which("apt-get"), f"no {' or '.join(names)} on PATH, and no apt-get: install {what} yourself"
    install = ("install", "--yes", "--no-install-recommends", *packages)
    code, first = _apt_get(*install)
    if code == 0:
        return first
    _, updated = _apt_get("update")
    code, second = _apt_get(*install)
    assert code == 0, f"no {what}, and apt-get can't install it\n{first}{updated}{second}"
    return second


def _apt_get(*words: str) -> tuple[int, str]:
    sudo = ("sudo", "-n") if os.geteuid() and shutil.which("sudo") else ()
    done = subprocess.run(
        [*sudo, "apt-get", "-o", "DPkg::Lock::Timeout=300", *words],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=INSTALL_TIMEOUT_S,
        check=False,
    )
    return done.returncode, f"$ apt-get {' '.join(words)}\n{done.stdout}"
