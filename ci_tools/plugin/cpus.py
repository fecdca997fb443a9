"""What `-n auto` means: the CPUs this process may use, and which limit says so.

pytest-xdist counts physical cores where psutil is installed, else the CPU affinity; a container's
quota it doesn't know (pytest-xdist#337), and eight workers on two CPUs' worth of time are slower
than two.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_tools.plugin.hooks import others_implement
from ci_tools.plugin.settings import WORKERS_BY

ENV = "PYTEST_XDIST_AUTO_NUM_WORKERS"


def auto_workers(config: pytest.Config) -> int | None:
    """Return what `-n auto` means here; None leaves it to pytest-xdist, its variable, or a plugin."""
    if os.environ.get(ENV):
        config.stash[WORKERS_BY] = ENV
        return None
    ours = config.pluginmanager.get_plugin("ci_tools.plugin")
    if config.option.numprocesses != "auto" or others_implement(
        config, "pytest_xdist_auto_num_workers", ours, "xdist", "xdist.plugin"
    ):
        return None
    n, why = usable_cpus()
    config.stash[WORKERS_BY] = why
    return n


def usable_cpus(root: Path = Path("/")) -> tuple[int, str]:
    """Return the number of CPUs, at least 1, and the limit that binds, for people."""
    try:
        limits = [(float(len(os.sched_getaffinity(0))), "CPU affinity")]
    except AttributeError:  # macOS, Windows
        limits = [(float(os.cpu_count() or 1), "CPUs")]
    limits += [(quota, f"cgroup quota of {quota:g} CPUs") for quota in _quotas(root)]
    # A quota of 1.5 CPUs keeps one worker waiting half the time; two are faster than one.
    least, why = min(limits, key=lambda limit: math.ceil(limit[0]))
    return max(1, math.ceil(least)), why


def _quotas(root: Path) -> Iterator[float]:
    """Yield the quotas of our control group and all above it, in CPUs."""
    for row in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = [*row.split(":", 2), "", ""][:3]
        if not controllers:
            yield from _v2(root / "sys/fs/cgroup", path)
        elif "cpu" in controllers.split(","):
            for mount in (controllers, "cpu"):
                yield from _v1(root / "sys/fs/cgroup" / mount, path)


def _levels(mount: Path, path: str) -> Iterator[Path]:
    """Yield the group's directory and those above. In a container the path may be the host's."""
    inner = path.strip("/")
    while inner and ".." not in inner:
        yield mount / inner
        inner = inner.rpartition("/")[0]
    yield mount


def _v2(mount: Path, path: str) -> Iterator[float]:
    for level in _levels(mount, path):
        quota, _, period = _read(level / "cpu.max").partition(" ")
        yield from _ratio(quota, period)


def _v1(mount: Path, path: str) -> Iterator[float]:
    for level in _levels(mount, path):
        yield from _ratio(_read(level / "cpu.cfs_quota_us"), _read(level / "cpu.cfs_period_us"))


def _ratio(quota: str, period: str) -> Iterator[float]:
    """Yield the quota when there is one: `max` and -1 mean there is none."""
    try:
        if int(quota) > 0 and int(period) > 0:
            yield int(quota) / int(period)
    except ValueError:
        return


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
