"""A real Chromium: the one that is here, or Debian's, installed for the tests. Without one they fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from debian import program
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-dejavu-core")  # without a font, text has no width
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
    return program(NAMES, PACKAGES)
