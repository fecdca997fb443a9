"""What `-n auto` means: the CPUs that this process may use, and the words for why."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from project import Project

from ci_tools.plugin.cpus import usable_cpus

AFFINITY = 8

GROUPS: Mapping[str, tuple[Mapping[str, str], tuple[int, str]]] = {
    "no cgroup at all": ({}, (8, "CPU affinity")),
    "v2, no quota": (
        {"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "max 100000"},
        (8, "CPU affinity"),
    ),
    "v2, in a container": (
        {"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "200000 100000"},
        (2, "cgroup quota of 2 CPUs"),
    ),
    "v2, part of a CPU is rounded up": (
        {"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "150000 100000"},
        (2, "cgroup quota of 1.5 CPUs"),
    ),
    "v2, less than one": (
        {"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "10000 100000"},
        (1, "cgroup quota of 0.1 CPUs"),
    ),
    "v2, more than there are": (
        {"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "1600000 100000"},
        (8, "CPU affinity"),
    ),
    "v2, the group above is tighter": (
        {
            "proc/self/cgroup": "0::/job.slice/step.scope",
            "sys/fs/cgroup/job.slice/step.scope/cpu.max": "600000 100000",
            "sys/fs/cgroup/job.slice/cpu.max": "300000 100000",
        },
        (3, "cgroup quota of 3 CPUs"),
    ),
    "v1": (
        {
            "proc/self/cgroup": "4:cpu,cpuacct:/docker/abc\n3:memory:/docker/abc",
            "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "250000",
            "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000",
        },
        (3, "cgroup quota of 2.5 CPUs"),
    ),
    "v1 in a container, where the host's path doesn't exist": (
        {
            "proc/self/cgroup": "4:cpu,cpuacct:/docker/abc",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "400000",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
        },
        (4, "cgroup quota of 4 CPUs"),
    ),
    "v1, no quota": (
        {
            "proc/self/cgroup": "4:cpu:/",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
        },
        (8, "CPU affinity"),
    ),
    "nonsense": (
        {"proc/self/cgroup": "0::/../../etc\nx\n", "sys/fs/cgroup/cpu.max": "lots of it"},
        (8, "CPU affinity"),
    ),
}


@pytest.mark.parametrize("name", GROUPS)
def test_the_tightest_limit_counts_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    files, expected = GROUPS[name]
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(f"{text}\n")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(AFFINITY)))
    assert usable_cpus(tmp_path) == expected


@pytest.fixture
def two_tests(project: Project) -> Project:
    return project.write(test_a="def test_1(): pass", test_b="def test_2(): pass")


def test_n_auto_is_what_may_be_used_and_the_header_says_so(two_tests: Project) -> None:
    n, why = usable_cpus()
    ran = two_tests.run(n="auto")
    assert (ran.code, ran.bundle.sessions[0].begin.workers) == (0, n)
    workers = "1 worker" if n == 1 else f"{n} workers"
    assert f"\nxdist-ci: -n auto: {workers} ({why})\n" in ran.output


def test_the_users_variable_wins(two_tests: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "3")
    ran = two_tests.run(n="auto")
    assert ran.bundle.sessions[0].begin.workers == 3
    assert "\nxdist-ci: -n auto: 3 workers (PYTEST_XDIST_AUTO_NUM_WORKERS)\n" in ran.output


def test_another_plugins_number_wins(two_tests: Project) -> None:
    two_tests.write(conftest="def pytest_xdist_auto_num_workers(config): return 3")
    ran = two_tests.run(n="auto")
    assert (ran.bundle.sessions[0].begin.workers, "-n auto:" in ran.output) == (3, False)


def test_a_number_is_a_number(two_tests: Project) -> None:
    ran = two_tests.run(n="2")
    assert (ran.bundle.sessions[0].begin.workers, "-n auto:" in ran.output) == (2, False)
