"""Each worker gets directories, databases, ports and settings of its own, before any conftest is imported."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ci_tools.plugin.run import MAIN, Run

if TYPE_CHECKING:
    from ci_tools.model.project import Isolation

KEEP_OPTION = "ci_tools_keep"
KEEP_VARIABLE = "XDIST_CI_KEEP"  # what `ci-tools run --keep` says


def isolate(early_config: pytest.Config, run: Run) -> None:
    """Isolate this process as `[tool.ci-tools.isolation]` says; nothing happens without that table.

    Raises pytest.UsageError for a table that can't be meant, or can't be had.
    """
    keep = getattr(early_config.known_args_namespace, KEEP_OPTION, None) or os.environ.get(KEEP_VARIABLE)
    if not _says_anything(early_config.rootpath / "pyproject.toml"):
        _keep(early_config, run, keep)
        return
    from ci_tools.plugin.isolation.refuse import usage_errors
    from ci_tools.store.project import read_project

    with usage_errors():
        wanted = read_project(early_config.rootpath).isolation
        _keep(early_config, run, keep or (wanted.keep if wanted else None))
        if wanted is None:
            return
        isolated = early_config.stash[_ISOLATED] = Isolated(early_config, run, wanted)
        early_config.pluginmanager.register(isolated, "xdist-ci-isolation")
        early_config.add_cleanup(isolated.restore)  # a conftest that fails is followed by no pytest_unconfigure
        if run.worker != MAIN or wanted.always:
            isolated.start()


def warn_that_it_is_too_late(config: pytest.Config) -> None:
    """Say that nothing is isolated, where a project asks for it and a conftest was imported before us."""
    if not _says_anything(config.rootpath / "pyproject.toml"):
        return
    from ci_tools.plugin.isolation.refuse import PREFIX, usage_errors
    from ci_tools.store.project import read_project

    with usage_errors():
        if read_project(config.rootpath).isolation is None:
            return
    fact = "workers aren't isolated: the plugin was loaded by a conftest; install xdist-ci, or say -p ci_tools.plugin"
    try:
        config.issue_config_time_warning(pytest.PytestConfigWarning(f"{PREFIX}{fact}"), stacklevel=2)
    except pytest.PytestConfigWarning:  # its user's filters make warnings errors
        raise pytest.UsageError(f"{PREFIX}{fact}") from None


class Isolated:
    """What this process has of its own. pytest-xdist's controller gives it up, and looks after its workers."""

    def __init__(self, config: pytest.Config, run: Run, wanted: Isolation) -> None:
        from ci_tools.plugin.isolation.attributes import Attributes
        from ci_tools.plugin.isolation.environment import Environment, Values

        self._config = config
        self._run = run
        self._wanted = wanted
        self._present = {name: os.environ.get(name) for name in wanted.env}
        self._values = Values(run, Path.cwd(), self._present)
        self._environment = Environment()
        self._attributes = Attributes(wanted.settings, wanted.cache_clear, self._values.of)
        self._made: set[tuple[str, ...]] = set()
        self._is_on = False
        self._drops = False

    def start(self) -> None:
        """Change the environment now, and attributes once their modules are imported. Raises CiToolsError."""
        from ci_tools.plugin.isolation.directories import make_directories

        self._is_on = True
        self._drops = self._run.worker == MAIN
        variables = make_directories(self._run, home=self._wanted.home)
        variables.update({name: self._value(name) for name in self._wanted.env})
        self._environment.set(variables)
        self._attributes.start()

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        from ci_tools.plugin.hooks import distributes

        if self._run.worker == MAIN and distributes(config):
            self._look_after_workers()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        if self._is_on:
            self._judge()

    def restore(self) -> None:
        """Put all back, and drop what was created for this run. Nothing happens the second time."""
        self._stop()
        drops, self._drops = self._drops, False
        if drops and self._created():
            self._drop()

    def _value(self, name: str) -> str:
        present, options = self._present[name], self._wanted.databases.get(name)
        is_created = options is not None and options.create
        value = self._values.of(name, self._wanted.env[name], present, empty=is_created)
        if options is not None and is_created and present is not None:
            from ci_tools.model.dburl import parse
            from ci_tools.plugin.isolation.databases import create

            place = parse(value).place
            if place not in self._made:
                create(present, value, options, self._run, self._config.rootpath)
                self._made.add(place)
        return value

    def _look_after_workers(self) -> None:
        from ci_tools.plugin.isolation.refuse import Refusals, usage_errors

        # They inherit the environment, and start from what it was.
        self._stop()
        self._drops = True
        self._config.pluginmanager.register(Refusals(), "xdist-ci-refusals")
        with usage_errors():
            for name, wanted in self._wanted.env.items():
                if wanted == "db-url":
                    self._values.check_url(name, self._present[name])

    def _judge(self) -> None:
        from ci_tools.model.errors import UsageError
        from ci_tools.plugin.isolation.lost import told
        from ci_tools.plugin.isolation.refuse import PREFIX, refuse

        for problem in (*self._attributes.problems, *self._attributes.missing()):
            refuse(self._config, problem)
        lost = {name: name for name in self._wanted.env if self._environment.is_lost(name)}
        lost |= {entry: entry.rpartition(".")[2] for entry in self._attributes.lost()}
        for entry, name in lost.items():
            fact = told(entry, name, self._config.rootpath)
            problem = UsageError(fact, hint=f"take that line away, or {entry} out of the table")
            if self._wanted.strict:
                refuse(self._config, problem)
            try:
                self._config.issue_config_time_warning(pytest.PytestConfigWarning(f"{PREFIX}{fact}"), stacklevel=2)
            except pytest.PytestConfigWarning:  # its user's filters make warnings errors
                refuse(self._config, problem)

    def _stop(self) -> None:
        if self._is_on:
            self._is_on = False
            self._attributes.restore()
            self._environment.restore()
            with _only_told("databases of Redis keep this run's keys"):
                self._values.leases.close()

    def _created(self) -> list[str]:
        """Return the URLs that databases were created for, as they were before."""
        names = [name for name, options in self._wanted.databases.items() if options.create]
        return [present for name in names if (present := self._present[name]) is not None]

    def _drop(self) -> None:
        from ci_tools.plugin.isolation.databases import drop_all

        for present in [] if self._run.is_kept else self._created():
            with _only_told("databases of this run stay until they are a day old"):
                drop_all(present, self._run)


_ISOLATED: pytest.StashKey[Isolated] = pytest.StashKey()


def _keep(early_config: pytest.Config, run: Run, keep: str | None) -> None:
    if keep and run.worker == MAIN:
        from ci_tools.model.project import Keep
        from ci_tools.plugin.isolation.directories import Keeping

        early_config.pluginmanager.register(Keeping(run, Keep(keep)), "xdist-ci-keeping")


@contextlib.contextmanager
def _only_told(consequence: str) -> Iterator[None]:
    """Let what goes wrong at the end be read, and the tests' result stand."""
    from ci_tools.model.errors import CiToolsError

    try:
        yield
    except CiToolsError as error:
        sys.stderr.write(f"xdist-ci: {consequence}: {error.fact}\n")


def _says_anything(path: Path) -> bool:
    """Return whether a file may hold a word of ours: most projects' don't, and then nothing is imported to read it."""
    try:
        return b"ci-tools" in path.read_bytes()
    except OSError:
        return False
