"""What the audit says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Axis(str, Enum):
    """Where a finding shows. Only WORKERS and COLLECTION keep a test from running in parallel."""

    WORKERS = "X"  # breaks across workers
    ORDER = "O"  # breaks by the order of tests within one worker, which pytest-xdist changes
    COLLECTION = "C"  # breaks collection: workers must collect the same
    START = "S"  # breaks with the way processes are started
    TIME = "T"  # breaks with the clock, or by chance


class Severity(str, Enum):
    """How bad a finding is, worst first."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of source; lines and columns count from 1, the end is exclusive."""

    path: str  # relative to rootdir, with /
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fact about a piece of source, and its fix.

    `symbol` is the test, fixture or function that the piece stands in, say `TestLogin.test_bad_password`,
    "" at module level. `statement` is the statement's source, white space normalised: with rule and symbol it
    names the finding when lines move. `units` are the node ids of tests and the `path::name` of fixtures that
    reach it, `calls` the calls that lead there from the first of them, outermost first. `is_ignored` by a comment
    or the configuration, for `reason`.
    """

    rule: str
    name: str
    axis: Axis
    severity: Severity
    span: Span
    symbol: str
    statement: str
    fact: str
    fix: str
    units: tuple[str, ...] = ()
    calls: tuple[Span, ...] = ()
    is_ignored: bool = False
    reason: str = ""
