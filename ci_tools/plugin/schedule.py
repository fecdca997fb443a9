"""The plan's atoms as pytest-xdist's units, longest first."""

from __future__ import annotations

from typing import Any

import pytest

from ci_tools.model.plan import Plan

# A worker needs its next test before it starts the current one; pytest-xdist itself waits at 2.
UNFINISHED = 1


class Schedule:
    """On the controller: `--dist loadfile` hands out atoms instead of files by number of tests."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Return a scheduler, unless the user or another plugin chose a different one."""
        if config.option.dist != "loadfile" or self._is_somebody_elses(config):
            return None
        from xdist.scheduler.loadfile import LoadFileScheduling

        plan = self._plan

        class AtomScheduling(LoadFileScheduling):
            def __init__(self, config: pytest.Config, log: Any) -> None:
                super().__init__(config, log)
                self._units: dict[str, str] = {}
                self._expected_ms: dict[str, int] = {}

            def _split_scope(self, nodeid: str) -> str:
                if nodeid not in self._units:
                    unit, expected_ms = plan.unit(nodeid)
                    self._units[nodeid] = unit
                    self._expected_ms[unit] = expected_ms
                return self._units[nodeid]

            def _assign_work_unit(self, node: Any) -> None:
                if not any(self.assigned_work.values()):  # nothing is handed out yet
                    for unit in sorted(self.workqueue, key=lambda unit: -self._expected_ms[unit]):
                        self.workqueue.move_to_end(unit)
                super()._assign_work_unit(node)

            def _reschedule(self, node: Any) -> None:
                # One unit later than stock: a worker in two long tests must not own a third file.
                if self.workqueue and self._pending_of(self.assigned_work[node]) > UNFINISHED:
                    return
                super()._reschedule(node)

        return AtomScheduling(config, log)

    def _is_somebody_elses(self, config: pytest.Config) -> bool:
        """Return whether a plugin besides us and pytest-xdist makes schedulers: it wins."""
        makers = config.hook.pytest_xdist_make_scheduler.get_hookimpls()
        return any(maker.plugin is not self and maker.plugin_name != "dsession" for maker in makers)
