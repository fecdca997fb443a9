from __future__ import annotations

import sys
import time

import pytest

CLOCKS = ("time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns")


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still as freezegun makes it, also where a clock was imported by name; nor does `time.sleep` sleep."""
    real = {id(getattr(time, name)) for name in CLOCKS}
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    for module in [time, *(m for name, m in sys.modules.items() if name.startswith(("asyncio", "ci_tools.testing")))]:
        for name, value in list(vars(module).items()):
            if id(value) in real:
                monkeypatch.setattr(module, name, lambda: 1_000_000_000)
