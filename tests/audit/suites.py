"""Small suites written down in a test, and what the flow says of them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from ci_tools.audit.source import read_sources
from ci_tools.audit.steps import Call, Kind, Step, Store, Value
from ci_tools.audit.suite import Suite, build_suite
from ci_tools.plan.pytest_config import PytestConfig


def suite_of(root: Path, files: Mapping[str, str]) -> Suite:
    """Write the files below `root` and return the suite that they are."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    config = PytestConfig(rootdir=root, paths=(root,))
    return build_suite(read_sources(config), config)


def steps_of(suite: Suite, nodeid: str) -> list[Step]:
    """Return the steps of the units whose node id ends so."""
    return [step for unit in suite.units if unit.nodeid.endswith(nodeid) for step in suite.steps[unit]]


def calls_of(suite: Suite, nodeid: str) -> list[Call]:
    return [step for step in steps_of(suite, nodeid) if isinstance(step, Call)]


def stores_of(suite: Suite, nodeid: str) -> list[Store]:
    return [step for step in steps_of(suite, nodeid) if isinstance(step, Store)]


def sinks_of(suite: Suite, nodeid: str) -> list[str]:
    """Return what the calls of `sink(…)` are given."""
    return [known(call.argument(0)) for call in calls_of(suite, nodeid) if call.name.endswith("sink")]


def known(value: Value) -> str:
    """Return a value in words: `path out/a.txt`, `private tmp_path`, `unique path /tmp/…`."""
    words = ["unique"] if value.is_unique else []
    words += ["unordered"] if value.is_unordered else []
    words.append(value.kind.value)
    if value.kind is Kind.ITEMS:
        words += [str(value.data), "[" + ", ".join(map(known, value.items)) + "]"]
    elif isinstance(value.data, str | int | None) and value.data is not None:
        words.append(str(value.data))
    return " ".join(words)
