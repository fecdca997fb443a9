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


def program(name: str, package: str, *folders: str) -> str:
    """Return a program's path. Raises AssertionError, with apt's words, when it isn't to be had."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "debian.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        path = _found(name, folders)
        if path is None:
            said = _install(package)
            path = _found(name, folders)
            assert path, f"apt-get installed {package}, and still there is no {name}\n{said}"
    return path


def _found(name: str, folders: Sequence[str]) -> str | None:
    below = [str(path) for folder in folders for path in sorted(Path("/").glob(f"{folder[1:]}/{name}"))]
    return shutil.which(name) or next(iter(below), None)


def _install(package: str) -> str:
    assert shutil.which("apt-get"), f"no {package}, and no apt-get: install it yourself"
    install = ("install", "--yes", "--no-install-recommends", package)
    code, first = _apt_get(*install)
    if code == 0:
        return first
    _, updated = _apt_get("update")
    code, second = _apt_get(*install)
    assert code == 0, f"no {package}, and apt-get can't install it\n{first}{updated}{second}"
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
