"""The marks of tests that must not run beside others."""

from __future__ import annotations

import pytest

SERIAL = {
    "serial": "no other test of this pytest run runs at the same time (pytest-xdist --dist loadfile)",
    "no_parallel": "the same as serial",
}


def register(config: pytest.Config) -> None:
    """Make the marks known, for --strict-markers."""
    for name, meaning in SERIAL.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


def is_serial(item: pytest.Item) -> bool:
    """Return whether the test, its class or its module is marked serial."""
    return any(item.get_closest_marker(name) is not None for name in SERIAL)
