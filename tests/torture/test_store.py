"""A sample of what the store goes through for every `make test`; `make torture` does eighty thousand operations."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .store import overlaps, torture

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts its open files in /proc")


def test_processes_that_are_killed_at_random_lose_nothing_and_leave_nothing(tmp_path: Path) -> None:
    assert torture(tmp_path, processes=4, operations=80, kills=5, seed=1000) == []


def test_who_was_not_alone_is_found() -> None:
    assert overlaps([(1, 3), (3, 5)], [(6, 9), (7, 8)]) == []
    assert overlaps([(1, 9), (3, 5)], []) == [((1, 9), (3, 5))]
    assert overlaps([(1, 9)], [(2, 3)]) == [((1, 9), (2, 3))]
    assert overlaps([(4, 5)], [(1, 9), (2, 3)]) == [((1, 9), (4, 5))]
