"""What went wrong in several threads or processes, said as one exception."""

from __future__ import annotations

import builtins
import signal
import sys
import traceback
from collections.abc import Sequence


def raise_all(what: str, errors: Sequence[BaseException]) -> None:
    """Raise the error, or a group of them; nothing for none.

    Python 3.10 has no groups: there the first is raised, and the others are printed to stderr.
    """
    if not errors:
        return
    if len(errors) > 1 and sys.version_info >= (3, 11):
        raise builtins.BaseExceptionGroup(what, errors)  # an ExceptionGroup when all of them are Exceptions
    for other in errors[1:]:
        traceback.print_exception(type(other), other, other.__traceback__)
    raise errors[0]


def ending(code: int) -> str:
    """Return how a process ended, given its exit code as `subprocess` has it: below 0 for a signal."""
    if code >= 0:
        return f"ended with exit status {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
