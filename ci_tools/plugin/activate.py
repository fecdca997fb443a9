"""Who does what in which process: workers select, the controller records, a single one does both."""

from __future__ import annotations

import os

import pytest

from ci_tools.plugin.record import Recorder
from ci_tools.plugin.select import Selector
from ci_tools.plugin.settings import Settings, distributes, forget


def activate(config: pytest.Config, settings: Settings) -> None:
    """Register the plugin's parts for this process."""
    is_worker = hasattr(config, "workerinput")
    if distributes(config):
        # Workers that replace crashed ones are started later, and need the environment.
        from ci_tools.plugin.schedule import Schedule

        config.pluginmanager.register(Schedule(settings.plan), "xdist-ci-schedule")
    else:
        selector = Selector(config, settings.plan, settings.shard, settings.out)
        config.pluginmanager.register(selector, "xdist-ci-select")
        forget(os.environ)
    if not is_worker:
        config.pluginmanager.register(Recorder(config, settings), "xdist-ci-record")
