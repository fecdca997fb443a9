"""What went wrong and what to do about it."""

from __future__ import annotations

# Exit codes of every command.
YES = 0
NO = 1
USAGE = 2
UNJUDGED = 3
BUG = 4


class CiToolsError(Exception):
    """A fact the user can act on.

    `fact` says what is so, `hint` what to do; both lower case, no full stop.
    `exit_code` is UNJUDGED: the command could not do its job.
    """

    exit_code = UNJUDGED

    def __init__(self, fact: str, *, hint: str = "") -> None:
        super().__init__(fact)
        self.fact = fact
        self.hint = hint


class UsageError(CiToolsError):
    """The command line itself can't be right."""

    exit_code = USAGE


class FormatError(CiToolsError):
    """A file isn't what its reader wants: names the file, what was found, what was wanted."""
