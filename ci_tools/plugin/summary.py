"""What the processes that ran tests have to say at the end, in the terminal of the one that has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ci_tools.model.words import duration
from ci_tools.plugin.run import Run

NAME = "xdist-ci-summary"
SHOWN_FROM_S = 1.0


class Summary:
    """In the only process, or on pytest-xdist's controller, who gets it from the workers as they end."""

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self._config = config
        self._run = run
        self._waited_s: dict[str, float] = {}
        self._problems: list[str] = []

    def take(self, waited_s: Mapping[str, float], problems: Sequence[str]) -> None:
        """Take in what one process has to say: seconds waited by resource, and texts to show in red."""
        for name, seconds in waited_s.items():
            self._waited_s[name] = self._waited_s.get(name, 0.0) + seconds
        self._problems += problems

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        said = getattr(node, "workeroutput", {}).get(NAME)  # nothing of a worker that died
        if said is not None:
            self.take(said["waited_s"], said["problems"])

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """All workers are gone: tear down what the last of them couldn't."""
        if self._run.exists() and (self._run.root / "once").is_dir():
            from ci_tools.plugin.once import once_of

            once_of(self._config).finish()

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        total_s = sum(self._waited_s.values())
        if total_s > SHOWN_FROM_S:
            name, most_s = max(self._waited_s.items(), key=lambda item: item[1])
            most = f"most for {name} ({duration(most_s)})" if len(self._waited_s) > 1 else f"for {name}"
            terminalreporter.write_line(f"xdist-ci: tests waited {duration(total_s)} for each other, {most}")
        for problem in self._problems:
            terminalreporter.write_line(f"xdist-ci: error: {problem}", red=True)


def tell(config: pytest.Config, *, waited_s: Mapping[str, float] | None = None, problems: Sequence[str] = ()) -> None:
    """Say something in the terminal at the end; in a worker, no later than in `pytest_sessionfinish`."""
    problems = [problem.encode(errors="backslashreplace").decode() for problem in problems]  # or execnet refuses it
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        said = output.setdefault(NAME, {"waited_s": {}, "problems": []})
        said["waited_s"].update(waited_s or {})
        said["problems"] += problems
        return
    summary = config.pluginmanager.get_plugin(NAME)
    if summary is not None:
        summary.take(waited_s or {}, problems)
