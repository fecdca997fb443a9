"""The suites: what is installed, where the tests come from, how they are run, what is left out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One project at one version.

    `requirements` go into its environment, all pinned. `tests_in` names the package whose
    installed copy is the suite; without it the suite is the unpacked source distribution.
    `paths` are given to `ci-tools local` and to pytest, `options` to pytest alone. `twice`: it is run
    in shards once more, by the times that were recorded the first time. `is_long`: only `make torture` runs it.
    """

    name: str
    version: str
    requirements: tuple[str, ...]
    tests_in: str = ""
    paths: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    xdist: str = "3.8.0"
    twice: bool = False
    is_long: bool = False

    @property
    def key(self) -> str:
        return f"{self.name}-{self.version}"

    @property
    def pins(self) -> tuple[str, ...]:
        """Return everything to install, the project itself included."""
        xdist = (f"pytest-xdist=={self.xdist}",) if self.xdist else ()
        return (f"{self.name}=={self.version}", *self.requirements, *xdist)


# Between them: every place for a configuration, two import modes, pytest 7.4
# to 9.1, xdist 3.5 to 3.8 and none at all.
SUITES = (
    # No configuration, a conftest.py that ignores files by what is installed, tests inside the package. A part of it.
    Suite(
        name="networkx",
        version="3.6.1",
        requirements=("numpy==2.4.6", "pytest==9.1.1"),
        tests_in="networkx",
        paths=("networkx/linalg", "networkx/tests", "networkx/utils"),
    ),
    # pyproject.toml, `-m` in addopts deselects tests.
    Suite(
        name="click",
        version="8.5.1",
        requirements=("pytest==9.1.1",),
        options=(
            # 30,000 stress tests, collected only to be deselected: most of the suite's time.
            "--ignore=tests/test_stream_lifecycle.py",
            # Needs another file's test to have imported click._termui_impl: alone, plain pytest fails 61 of 61.
            "--deselect=tests/test_utils/test_echo_via_pager.py",
        ),
    ),
    # --import-mode=importlib, hypothesis, and a test that fails.
    Suite(
        name="attrs",
        version="26.1.0",
        requirements=("cloudpickle==3.1.2", "hypothesis==6.170.15", "Pympler==1.1", "pytest==9.1.1"),
    ),
    # unittest with subTest, doctests of the package, a tox.ini and a setup.cfg without a word on pytest.
    Suite(
        name="more-itertools",
        version="11.2.1",
        requirements=("pytest==9.1.1",),
        paths=("tests", "more_itertools"),
        # The one deselected test is half of the suite's time. One doctest fails, for everybody.
        options=("--doctest-modules", "--deselect=tests/test_recipes.py::PrimeFunctionTests::test_primes"),
    ),
    # Doctests and tests inside the package, the oldest pytest and xdist that are supported.
    Suite(
        name="toolz",
        version="1.2.0",
        requirements=("pytest==7.4.4",),
        options=("--doctest-modules",),
        xdist="3.5.0",
    ),
    # tox.ini, warnings are errors.
    Suite(
        name="pluggy",
        twice=True,
        version="1.7.0",
        requirements=("pytest==8.4.2", "pytest-benchmark==5.3.1"),
        options=("--benchmark-disable",),
        xdist="3.6.1",
    ),
    # pytester: starts pytest in its own process, with `--reruns`; configured in tox.ini, not for pytest.
    Suite(
        name="pytest-rerunfailures",
        is_long=True,
        version="16.7",
        requirements=("pytest==8.4.2",),
        paths=("tests",),
        options=(
            # They crash a nested xdist worker and race with its bookkeeping of reruns. On two busy CPUs
            # plain `-n 2 --dist load` failed one of them in 3 of 26 runs, shards in 3 of 26 too.
            "--deselect=tests/test_pytest_rerunfailures.py::test_rerun_passes_after_temporary_test_crash",
            "--deselect=tests/test_pytest_rerunfailures.py::test_max_suite_reruns_caps_temporary_test_crash",
        ),
    ),
    # pytester again, nested `-n 2` of its own; pytest.ini; the `subtests` fixture as a plugin.
    Suite(name="pytest-subtests", version="0.15.0", requirements=("pytest==8.4.2",)),
    # No xdist at all: each shard is one process. `[tool.pytest]` of pytest 9.
    Suite(name="iniconfig", version="2.3.1", requirements=("pytest==9.1.1",), xdist=""),
)
