"""What every run gets, in a shard or not: marks, fixtures, and a directory that goes with the run."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

import pytest

from ci_tools.plugin.hooks import distributes
from ci_tools.plugin.run import RUN, VARIABLE, Run, begin


def share(config: pytest.Config) -> None:
    """Register the parts for this process."""
    from ci_tools.plugin.marks import register

    register(config)
    if RUN not in config.stash:
        from ci_tools.plugin.isolate import warn_that_it_is_too_late

        warn_that_it_is_too_late(config)
    config.pluginmanager.register(Sharing(config, begin(config)), "xdist-ci-sharing")


class Sharing:
    """In each process: `main` tells the workers of the run, and cleans up when they are gone."""

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self._config = config
        self._run = run
        self._tells = distributes(config)
        if self._tells:
            # Workers that replace crashed ones are started later: it stays there until the end.
            os.environ[VARIABLE] = run.id
        else:
            from ci_tools.plugin.resources import Resources

            config.pluginmanager.register(Resources(config, run), "xdist-ci-resources")
        if not hasattr(config, "workerinput"):
            from ci_tools.plugin.summary import NAME, Summary

            config.pluginmanager.register(Summary(config, run), NAME)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        self._config.pluginmanager.register(_fixtures(self._config), "xdist-ci-fixtures")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not (self._run.shard or self._run.exists()):
            return
        from ci_tools.plugin.cost import line_of_run

        if line := line_of_run(self._config):
            terminalreporter.write_line(f"xdist-ci: {line}")

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        if self._tells:
            os.environ.pop(VARIABLE, None)


def _fixtures(config: pytest.Config) -> ModuleType:
    """Return our fixtures without those that another plugin has under the same name: then they are its."""
    from ci_tools.plugin import fixtures

    names = {name for name in vars(fixtures) if not name.startswith("_")}
    others = [plugin for plugin in config.pluginmanager.get_plugins() if isinstance(plugin, ModuleType)]
    taken = {name for plugin in others if not _is_conftest(plugin) for name in names & vars(plugin).keys()}
    free = ModuleType(fixtures.__name__, fixtures.__doc__)
    free.__dict__.update({name: value for name, value in vars(fixtures).items() if name not in taken})
    return free


def _is_conftest(plugin: ModuleType) -> bool:
    return (plugin.__file__ or "").endswith("conftest.py")
