"""A real Chromium: the one that is here, or Debian's, installed for the tests. Without one they fail."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

CACHE = Path(__file__).parents[2] / ".cache"
NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-dejavu-core")  # without a font, text has no width
INSTALL_TIMEOUT_S = 900
START_TIMEOUT_S = 60
ACTION_TIMEOUT_S = 20
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


@contextmanager
def browser() -> Iterator[Browser]:
    """Yield a headless Chromium with a profile of its own, gone afterwards."""
    path = executable()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS, timeout=1000 * START_TIMEOUT_S)
        try:
            yield chromium
        finally:
            chromium.close()


def executable() -> str:
    """Return the path of Chromium. Raises AssertionError, with apt's words, when there is none to be had."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "chromium.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        path = _found()
        if path is None:
            said = _install()
            path = _found()
            assert path, f"apt-get installed {' '.join(PACKAGES)}, and still there is no Chromium\n{said}"
    return path


def _found() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def _install() -> str:
    assert shutil.which("apt-get"), f"no {' or '.join(NAMES)} on PATH, and no apt-get: install Chromium yourself"
    install = ("install", "--yes", "--no-install-recommends", *PACKAGES)
    code, first = _apt_get(*install)
    if code == 0:
        return first
    _, updated = _apt_get("update")
    code, second = _apt_get(*install)
    assert code == 0, f"no Chromium, and apt-get can't install it\n{first}{updated}{second}"
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
