"""The failed tests of a shard once more, in a fresh process: `ci-tools run --reruns`.

A re-run gathers evidence. It must leave no trace in what the first run wrote: its reports, its
coverage; and whatever command calls pytest must not stop for its exit status.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ci_tools.model.nodeid import file_of
from ci_tools.plugin.nodeids import cleaner

# Options that would write over files of the first run, and what turns them off.
_WRITERS = {
    "xmlpath": None,
    "log_file": os.devnull,  # None would mean the ini file's
    "basetemp": None,
    "clean_alluredir": False,  # allure-pytest
    "report_log": None,  # pytest-reportlog
    "htmlpath": None,  # pytest-html
    "json_report": False,  # pytest-json-report
}


def silence_coverage(early_config: pytest.Config) -> None:
    """Keep pytest-cov from starting; called before it looks."""
    if hasattr(early_config.known_args_namespace, "cov_source"):
        early_config.known_args_namespace.cov_source = []


def adapt(config: pytest.Config, only: frozenset[str]) -> None:
    """Turn off what would write over files of the first run; before the plugins that do look."""
    if hasattr(config.option, "maxworkerrestart"):  # each of the tests may crash its worker
        config.option.maxworkerrestart = str(len(only) or 1_000_000)
    for option, off in _WRITERS.items():
        if hasattr(config.option, option):
            setattr(config.option, option, off)


class Rerun:
    """In every process of a re-run: collect and keep only the tests that failed."""

    def __init__(self, config: pytest.Config, only: frozenset[str]) -> None:
        self._only = only
        self._files = frozenset(map(file_of, only))
        self._clean = cleaner(config)
        self._root = config.rootpath

    @pytest.hookimpl(hookwrapper=True)
    def pytest_collect_file(self, file_path: Path) -> Iterator[None]:
        outcome: Any = yield
        if file_path.name != "__init__.py" and self._file(file_path) not in self._files:
            outcome.force_result([])

    def _file(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        others = [item for item in items if self._clean(item.nodeid) not in self._only]
        if others:
            config.hook.pytest_deselected(items=others)
            items[:] = [item for item in items if self._clean(item.nodeid) in self._only]

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        yield
        if session.exitstatus in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.OK
