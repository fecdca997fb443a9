from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser import chromium
from playwright.sync_api import Browser
from strategies import no_hang

TEST_S = 120  # `evaluate` has no limit of its own


@pytest.fixture(scope="session")
def chrome() -> Iterator[Browser]:
    """One Chromium for all tests of this process."""
    with chromium.browser() as browser:
        yield browser


@pytest.fixture(autouse=True)
def _no_hang(chrome: Browser) -> Iterator[None]:
    with no_hang(TEST_S):
        yield
