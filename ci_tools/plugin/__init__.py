"""The pytest plugin. In a shard it selects, schedules and records; anywhere it isolates workers and honours marks.

Loaded by `PYTEST_PLUGINS=ci_tools.plugin` (what `ci-tools run` sets) or as an installed package. A
shard is one where `XDIST_CI_OUT` is set; workers are isolated where the project asks for it; a lock
is taken for tests that are marked. Everything else is imported only then.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ci_tools.plugin.settings import Settings

SETTINGS: pytest.StashKey[Settings] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("ci-tools", "xdist-ci").addoption(
        "--ci-tools-keep",
        choices=("never", "failed", "always"),
        help="the workers' own directories, when the run has ended (default: as [tool.ci-tools.isolation] says)",
    )


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    # A wrapper runs before pytest-cov, which starts here.
    if "XDIST_CI_RERUN" in os.environ or "XDIST_CI_TRIAL_QUIET" in os.environ:
        from ci_tools.plugin.rerun import silence_coverage

        silence_coverage(early_config)
    yield


@pytest.hookimpl(specname="pytest_load_initial_conftests")
def pytest_isolate(early_config: pytest.Config) -> None:
    # After plugins that set the environment (pytest-env is tryfirst), before any conftest.
    from ci_tools.plugin.isolate import isolate
    from ci_tools.plugin.run import RUN, begin

    if RUN not in early_config.stash:
        isolate(early_config, begin(early_config))


def pytest_plugin_registered(plugin: object, manager: pytest.PytestPluginManager) -> None:
    # pytest-django imports the project's settings in this hook. Of those alike the last registered is called first.
    if manager.get_name(plugin) != "django":
        return
    for found in manager.hook.pytest_load_initial_conftests.get_hookimpls():
        if found.plugin is plugin:
            before = ModuleType("xdist-ci-before-django")
            early = pytest.hookimpl(tryfirst=found.tryfirst)(lambda early_config: pytest_isolate(early_config))
            vars(before)["pytest_load_initial_conftests"] = early
            manager.register(before, before.__name__)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Iterator[None]:
    # A wrapper runs before pytest-xdist turns `-n` into workers.
    if "XDIST_CI_OUT" in os.environ:
        from ci_tools.plugin.settings import choose_workers, load

        settings = config.stash[SETTINGS] = load(os.environ)
        if not hasattr(config, "workerinput"):
            choose_workers(config, settings)
        if settings.rerun or (settings.steering and not settings.steering.as_is):
            from ci_tools.plugin.rerun import adapt

            adapt(config, settings.only)
    yield


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    if SETTINGS not in config.stash:
        return None
    from ci_tools.plugin.cpus import auto_workers

    return auto_workers(config)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    from ci_tools.plugin.share import share

    share(config)
    settings = config.stash.get(SETTINGS, None)
    if settings is None:
        return
    from ci_tools.plugin.activate import activate

    activate(config, settings)
