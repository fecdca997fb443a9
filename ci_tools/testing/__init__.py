"""What authors of tests import: waiting, threads and processes that can't hang a run for ever.

Every wait has a timeout in seconds, kept by a clock that tests can't freeze, and raises TimeoutError with what
was awaited, for how long, and what was seen last.
"""

from __future__ import annotations

from ci_tools.model.spending import BudgetExceededError
from ci_tools.store.ports import leased_ports
from ci_tools.testing.conditions import wait_for_condition, wait_for_condition_async
from ci_tools.testing.events import AsyncEvent, Event
from ci_tools.testing.processes import synchronized_processes
from ci_tools.testing.retries import retry_with_backoff
from ci_tools.testing.servers import wait_for_port
from ci_tools.testing.threads import synchronized_threads

__all__ = [
    "AsyncEvent",
    "BudgetExceededError",
    "Event",
    "leased_ports",
    "retry_with_backoff",
    "synchronized_processes",
    "synchronized_threads",
    "wait_for_condition",
    "wait_for_condition_async",
    "wait_for_port",
]
