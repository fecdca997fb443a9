from __future__ import annotations

from collections.abc import Iterator

import pytest
from github.clock import FakeClock
from github.fake import TOKEN, FakeGitHub

from ci_tools.github.rest import Client


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A fake GitHub; what its own description doesn't allow fails the test at the end."""
    with FakeGitHub() as fake:
        yield fake


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(github: FakeGitHub, clock: FakeClock) -> Iterator[Client]:
    """A client that sleeps no real second."""
    with Client(github.url, TOKEN, clock=clock) as connected:
        yield connected
