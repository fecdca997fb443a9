"""What attributes and texts of JUnit say: seconds, counts, long texts, where a test broke."""

from __future__ import annotations

import math
import re

from ci_tools.model.run import Outcome

TEXT_LIMIT = 4096  # characters of a failure that are kept, its head and its tail
_CRASH_LINE_CHARS = 2000  # from a text's end
_HALF = TEXT_LIMIT // 2 - 20
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?")  # Surefire: `1,234.5`
_STATUSES = {
    **dict.fromkeys(("skipped", "disabled", "notrun", "ignored", "pending"), Outcome.SKIPPED),
    **dict.fromkeys(("failed", "failure", "fail", "failing", "broken"), Outcome.FAILED),
    **dict.fromkeys(("error", "errored", "aborted", "crashed", "interrupted"), Outcome.ERROR),
    **dict.fromkeys(("timeout", "timedout", "timed_out"), Outcome.ERROR),
}


def seconds_of(text: str) -> float:
    """Return a `time`; 0.0 when there is none, or none that a clock can show."""
    plain = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text.replace(",", ".")
    try:
        seconds = float(plain)
    except ValueError:
        return 0.0
    return seconds if seconds > 0.0 and math.isfinite(seconds) else 0.0


def number_of(text: str | None) -> int:
    """Return a count of a suite; 0 when it isn't one: some write -1 or nothing."""
    plain = text.strip().replace(",", "") if text else ""
    return int(plain) if len(plain) < 10 and plain.isdecimal() else 0


def outcome_of(status: str) -> Outcome | None:
    """Return what a case's `status` or `result` says where no element does; None when that is nothing."""
    return _STATUSES.get(status.lower())


def location_of(text: str) -> str:
    """Return `path:line` where pytest's text says that it broke, "" when that isn't in the checkout.

    It is the last of the lines that begin so: `tests/test_a.py:12: AssertionError`, or with --tb=short `… in test_a`.
    """
    for said in reversed(text[-_CRASH_LINE_CHARS:].splitlines()):
        if ":" in said:
            path, _, rest = said.partition(":")
            line, colon, _ = rest.partition(": ")
            if colon and line.isdecimal() and not path.startswith(("/", "\\", "<", "..", " ", "E ")):
                return f"{path}:{line}"
    return ""


def shortened(text: str) -> str:
    """Return head and tail of a long text, at most TEXT_LIMIT characters."""
    capped = Capped()
    capped.add(text)
    return capped.text


class Capped:
    """A text while it streams in: its head and its tail are kept."""

    __slots__ = ("_head", "_size", "_tail")

    def __init__(self) -> None:
        self._head = self._tail = ""
        self._size = 0

    def add(self, data: str) -> None:
        """Take the next piece in."""
        self._size += len(data)
        room = TEXT_LIMIT - len(self._head)
        if room:
            self._head += data[:room]
            data = data[room:]
        self._tail = (self._tail + data[-_HALF:])[-_HALF:]

    @property
    def text(self) -> str:
        """What came in, shortened."""
        if self._size <= TEXT_LIMIT:
            return self._head
        tail = (self._head + self._tail)[-_HALF:]
        # Plain dots: one character beyond Latin-1 would double the memory of the whole text.
        return f"{self._head[:_HALF]}\n... {self._size - 2 * _HALF} characters ...\n{tail}"
