"""Tests that are marked wait for each other, whatever the scheduler: locks taken around a test."""

from __future__ import annotations

import pytest

from ci_tools.plugin.run import Run


class Resources:
    """Where tests run: takes the locks that the marks of a test ask for."""

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self._config = config
        self._run = run
