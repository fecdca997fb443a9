"""A sample of the ledger's torture for every `make test`; `python -m tests.torture.ledger` does it at length."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .ledger import torture

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds its files in /proc")


def test_killed_processes_neither_lose_nor_overspend_anything(tmp_path: Path) -> None:
    outcome = torture(tmp_path, processes=3, operations=250, kills=6, seed=1)
    assert outcome.wrong == []
    assert outcome.counts["kills"] > 0 and outcome.counts["refused"] > 0 and outcome.counts["looks"] > 0
