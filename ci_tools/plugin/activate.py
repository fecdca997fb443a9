"""Who does what in which process: workers select and record, the controller schedules."""

from __future__ import annotations

import os

import pytest

from ci_tools.plugin.hooks import distributes
from ci_tools.plugin.record import SessionRecorder, TestRecorder
from ci_tools.plugin.settings import Settings, forget
from ci_tools.store.lines import Lines


def activate(config: pytest.Config, settings: Settings) -> None:
    """Register the plugin's parts for this process."""
    lines = Lines(settings.out / "attempts.jsonl")
    if distributes(config):
        # Workers that replace crashed ones are started later, and need the environment.
        _schedule(config, settings)
    else:
        _run_tests(config, settings, lines)
        forget(os.environ)
    if settings.rerun:
        from ci_tools.plugin.rerun import Rerun

        config.pluginmanager.register(Rerun(config, settings.only), "xdist-ci-rerun")
    if settings.steering:
        from ci_tools.plugin.steer import steer

        steer(config, settings.steering, settings.out)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(SessionRecorder(config, settings, lines), "xdist-ci-session")


def _schedule(config: pytest.Config, settings: Settings) -> None:
    from ci_tools.plugin.deaths import Deaths
    from ci_tools.plugin.schedule import Schedule

    config.pluginmanager.register(Schedule(config, settings.plan, settings.out), "xdist-ci-schedule")
    config.pluginmanager.register(Deaths(), "xdist-ci-deaths")


def _run_tests(config: pytest.Config, settings: Settings, lines: Lines) -> None:
    from ci_tools.plugin import retries
    from ci_tools.plugin.select import Selector
    from ci_tools.plugin.stacks import Stacks

    manager = config.pluginmanager
    if not settings.rerun:
        manager.register(Selector(config, settings.plan, settings.shard, settings.out), "xdist-ci-select")
    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    recorder = TestRecorder(config, lines, Stacks(settings.out / "workers" / f"{worker}.stacks"))
    manager.register(recorder, "xdist-ci-tests")
    if retries.is_needed(config):
        recorder.retries = retries.Retries(recorder.take)
        manager.register(recorder.retries, "xdist-ci-retries")
