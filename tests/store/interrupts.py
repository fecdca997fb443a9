"""Something happens in the midst of a module's work: a KeyboardInterrupt, or the end of the process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

UNGUARDED = ("__exit__", "release")


def at_call(number: int, files: tuple[str, ...], strike: Callable[[], None], work: Callable[[], None]) -> bool:
    """Do the work, with a strike at the given moment in these files, counted from 0; return whether it came that far.

    A moment is the beginning of a Python function, or when a C function has just returned: there Python
    looks for signals, and system calls are what a killed process leaves half done. The beginning of `__exit__` is
    no such moment: nothing written in Python can guard it.
    """
    left = number

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal left
        if (event == "c_return" or (event == "call" and frame.f_code.co_name not in UNGUARDED)) and (
            frame.f_code.co_filename.endswith(files)
        ):
            left -= 1
            if left == -1:
                strike()

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
    return left < 0
