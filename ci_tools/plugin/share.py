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

    def pytest_plugin_registered(self, plugin: object) -> None:
        # pytest's manager of fixtures has just parsed those of all plugins. From pytest 9.1 on, a rootdir
        # conftest's come right after this; registered later than they are, ours would override them.
        if plugin is self._config.pluginmanager.get_plugin("funcmanage"):
            self._config.pluginmanager.register(_fixtures(plugin), "xdist-ci-fixtures")

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


def _fixtures(manager: Any) -> ModuleType:
    """Return our fixtures without those that another plugin has under the same name: then they are its."""
    from ci_tools.plugin import fixtures

    free = ModuleType(fixtures.__name__, fixtures.__doc__)
    free.__dict__.update({name: value for name, value in vars(fixtures).items() if not _is_taken(name, manager)})
    return free


def _is_taken(name: str, manager: Any) -> bool:
    """Return whether a plugin has a fixture of that name; a conftest may have one on top of ours.

    pytest is asked, as a fixture's name may differ from its function's, and a plugin may be no module.
    """
    session: pytest.Session = manager.session
    found = manager.getfixturedefs(name, session if pytest.version_tuple >= (8,) else session.nodeid)
    return any(not vars(definition).get("has_location") for definition in found or ())  # a conftest's has one
