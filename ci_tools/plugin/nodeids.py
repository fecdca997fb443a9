"""Node ids as pytest gives them, without what pytest-xdist hangs on them."""

from __future__ import annotations

from collections.abc import Callable

import pytest


def cleaner(config: pytest.Config) -> Callable[[str], str]:
    """Return what takes off the `@group` that `--dist loadgroup` appends (pytest < 9.2)."""
    option = config.option
    grouped = getattr(option, "loadgroup", False) or getattr(option, "dist", "no") == "loadgroup"
    return without_group if grouped else str


def without_group(nodeid: str) -> str:
    """Return the id without its group: an `@` behind the name and behind its parameters."""
    at = nodeid.rfind("@")
    return nodeid[:at] if at > max(nodeid.rfind("]"), nodeid.rfind("::")) else nodeid
