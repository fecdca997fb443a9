"""A sample of the port torture for every `make test`; `make torture` makes 80,000 operations."""

from __future__ import annotations

from pathlib import Path

from .ports import torture


def test_processes_that_are_killed_at_random_never_share_a_port_and_keep_none(tmp_path: Path) -> None:
    counts, wrong = torture(tmp_path, processes=4, operations=300, kills=8, seed=1)
    assert (wrong, counts["operation"], counts["kill"]) == ([], 1200, 8)
    assert counts["port"] > 1200 and counts["connection"] > 0
