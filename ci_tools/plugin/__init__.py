"""The pytest plugin: in a shard it selects, schedules and records; anywhere else it does nothing.

Loaded by `PYTEST_PLUGINS=ci_tools.plugin` (what `ci-tools run` sets) or as an installed
package; switched on by `XDIST_CI_OUT`. Everything else is imported only then.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ci_tools.plugin.settings import Settings

_SETTINGS: pytest.StashKey[Settings] = pytest.StashKey()


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    # A wrapper runs before pytest-cov, which starts here.
    if "XDIST_CI_RERUN" in os.environ:
        from ci_tools.plugin.rerun import silence_coverage

        silence_coverage(early_config)
    yield


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Iterator[None]:
    # A wrapper runs before pytest-xdist turns `-n` into workers.
    if "XDIST_CI_OUT" in os.environ:
        from ci_tools.plugin.settings import choose_workers, load

        settings = config.stash[_SETTINGS] = load(os.environ)
        if not hasattr(config, "workerinput"):
            choose_workers(config, settings)
        if settings.rerun:
            from ci_tools.plugin.rerun import adapt

            adapt(config, settings.only)
    yield


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    if _SETTINGS not in config.stash:
        return None
    from ci_tools.plugin.cpus import auto_workers

    return auto_workers(config)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    from ci_tools.plugin.marks import register

    register(config)
    settings = config.stash.get(_SETTINGS, None)
    if settings is None:
        return
    from ci_tools.plugin.activate import activate

    activate(config, settings)
