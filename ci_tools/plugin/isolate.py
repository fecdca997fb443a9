"""Each worker gets directories, databases, ports and settings of its own, before any conftest is imported."""

from __future__ import annotations

import pytest

from ci_tools.plugin.run import Run


def isolate(early_config: pytest.Config, run: Run) -> None:
    """Isolate this process as `[tool.ci-tools.isolation]` says; nothing happens without that table."""


def restore(config: pytest.Config) -> None:
    """Put back what was changed, in so far as it is still what it was changed to."""
