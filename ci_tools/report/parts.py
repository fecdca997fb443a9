"""The parts of `report.html` that are plain HTML, as values for its template. All text in them is visible."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ci_tools.model.report import CaseResult, Report
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.verdict import Cause, Changes, Judgement
from ci_tools.model.words import duration
from ci_tools.report.changes import change_rows
from ci_tools.report.columns import LINE_CHARS, NAME_CHARS, excerpt, message_of, place_of
from ci_tools.report.failures import failures_of
from ci_tools.report.inert import visible
from ci_tools.report.reproduce import is_pasteable

_ROWS = 200  # of a folded list
_HERE = ("Not run", "Run more than once", "Newly failing", "Fixed", "New", "Newly skipped", "Slower", "Unplanned")
_OPEN = 3  # so few failures are shown with their texts

_CAUSES = {
    Cause.NEW: ("New failures", "not red on the base, not known to be flaky"),
    Cause.NEW_TEST: ("New tests that fail", "in no recorded run"),
    Cause.ENVIRONMENT: ("Only in this environment", "green under other keys on this commit"),
    Cause.INFRASTRUCTURE: ("Infrastructure", "the machine failed, not the test"),
    Cause.NOT_COMPARED: ("Failed", "no complete run of the base branch is recorded"),
    Cause.FLAKY: ("Known flaky", "was flaky in recorded runs, and often enough for this"),
    Cause.BASE: ("Also red on the base", "so not this change's"),
    Cause.QUARANTINED: ("Quarantined", "doesn't redden the run"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A node id to show: `file` and the `rest` from its `::` on."""

    file: str
    rest: str

    @property
    def id(self) -> str:
        return self.file + self.rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt in a card: what was different from the one before it, and how it ended."""

    how: str
    outcome: str
    time: str
    worker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One test with all that is known of it. `command` is "" when its id can't be pasted safely."""

    name: Name
    outcome: str
    label: str
    why: str
    message: str
    where: str
    time: str
    shard: int
    text: str
    attempts: tuple[Try, ...]
    command: str
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Failures of one cause; of `total` the first ones."""

    title: str
    hint: str
    total: int
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A list of tests, what else is said of each beside it; of `total` the first ones.

    `is_here` when the list of all tests has them.
    """

    title: str
    hint: str
    total: int
    is_here: bool
    rows: tuple[tuple[Name, str], ...]


def name_of(nodeid: str) -> Name:
    """Return a node id as a page shows it."""
    file, separator, rest = visible(nodeid, NAME_CHARS).partition("::")
    return Name(file=file, rest=separator + rest)


def exactly(seconds: float) -> str:
    """Return a test's seconds as people say them, a short one's in milliseconds."""
    return f"{1000 * seconds:.0f} ms" if seconds < 0.9995 else duration(seconds)


def failure_groups(report: Report, limit: int) -> list[Group]:
    """Return the failures by cause, those that ask most of the reader first, `limit` of them in all."""
    failures = failures_of(report)
    ordered = [*failures.needing, *failures.known]
    shown, result = 0, []
    for cause, of_cause in groupby(ordered, failures.cause):
        cases = list(of_cause)
        cards = tuple(
            _card(
                case, case.final, failures.judgements[case.nodeid], is_open=len(ordered) <= _OPEN or not shown + place
            )
            for place, case in enumerate(cases[: limit - shown])
        )
        title, hint = _CAUSES[cause]
        hint = hint if failures.is_judged or cause is not Cause.NOT_COMPARED else ""
        result.append(Group(title=title, hint=hint, total=len(cases), cards=cards))
        shown += len(cards)
    return result


def flip_cards(report: Report, limit: int) -> list[Card]:
    """Return the tests that failed and then passed, with the text of the failure."""
    return [_card(case, case.failed_before or case.final, None) for case in report.flips[:limit]]


def _card(case: CaseResult, told: Attempt, judgement: Judgement | None, *, is_open: bool = False) -> Card:
    cause = judgement.cause if judgement and judgement.cause is not Cause.NOT_COMPARED else None
    label = "flaky" if judgement is None else cause.value if cause else ""
    return Card(
        name=name_of(case.nodeid),
        outcome="flaky" if judgement is None else case.outcome.value,
        label=label,
        why=case.flip_condition if judgement is None else visible(judgement.why, LINE_CHARS),
        message=message_of(told),
        where=" · ".join(filter(None, [_phase(told), place_of(told)])),
        time=exactly(case.final.total_s),
        shard=case.shard,
        text=excerpt(told.text) or excerpt(told.message),
        attempts=tuple(_tries(case)) if len(case.attempts) > 1 else (),
        command=f"python -m pytest {shlex.quote(case.nodeid)}" if is_pasteable(case.nodeid) else "",
        is_open=is_open,
    )


def _phase(attempt: Attempt) -> str:
    if attempt.outcome is Outcome.CRASHED:
        return "its worker died"
    if attempt.outcome is not Outcome.ERROR:
        return ""
    return "error while collecting" if attempt.phase == "collect" else f"error in {visible(attempt.phase, 40)}"


def _tries(case: CaseResult) -> Iterator[Try]:
    before: tuple[int, Attempt] | None = None
    for job, attempt in case.attempts:
        how = "first run"
        if before:
            how = f"in attempt {job} of the job" if job != before[0] else attempt.condition_after(before[1])
        yield Try(
            how=visible(how, 100),
            outcome=attempt.outcome.value,
            time=exactly(attempt.total_s),
            worker=visible(attempt.worker, 40),
        )
        before = before or (job, attempt)


def missing_lists(report: Report) -> list[Listed]:
    """Return what breaks the proof that each test ran once."""
    not_run = [(missing.name, missing.why) for missing in report.not_run]
    return [
        *_listed("Not run", "selected or planned, without a result", not_run),
        *_listed("Lost", "a shard had it, and no result of it arrived", [(n, "") for n in report.lost]),
        *_listed("Run more than once", "by two shards that both count", [(n, "") for n in report.duplicated]),
    ]


def change_lists(changes: Changes) -> list[Listed]:
    """Return what is different from the base run, kind by kind."""
    newly = [(nodeid, "") for nodeid in changes.newly_failing]
    rows = [("newly failing", newly), *change_rows(changes)]
    return [item for title, tests in rows for item in _listed(title.capitalize(), "", tests)]


def other_lists(report: Report) -> list[Listed]:
    """Return what didn't run by the project's own choice, or isn't as planned, and is no error."""
    return [
        item
        for title, hint, names in (
            ("Unplanned", "new since the plan", report.unplanned),
            ("Gone", "left the code since the plan", report.gone),
            ("Deselected", "by the project's own options", report.deselected),
            ("Ignored files", "by the project's own options", report.ignored),
            ("Skipped modules", "skipped themselves while being imported", report.skipped_modules),
        )
        for item in _listed(title, hint, [(name, "") for name in names])
    ]


def _listed(title: str, hint: str, rows: Sequence[tuple[str, str]]) -> list[Listed]:
    """Return a list of the one list, or of none when it is empty."""
    shown = tuple((name_of(name), visible(more, LINE_CHARS)) for name, more in rows[:_ROWS])
    return [Listed(title=title, hint=hint, total=len(rows), rows=shown, is_here=title in _HERE)] if rows else []
