"""The tests of a report in columns, small enough for a page to hold 100,000 of them.

What the page's script reads, see `page/data.js`. Node ids and texts are already visible: no
control, bidi or zero-width character is left in them, and no escape sequence of a terminal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from ci_tools.model.report import CaseResult, NotRun, Report
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.verdict import Cause, Judgement
from ci_tools.report.inert import block, visible, without_ansi
from ci_tools.report.lanes import Lane, LaneKey, is_placed, key_of, merged
from ci_tools.report.reproduce import is_inside, is_pasteable

MAX_TESTS = 200_000  # above, only those that didn't simply pass, and the slowest
_SLOWEST_SHARE = 0.1  # of the most that a page holds
MAX_TEXTS = 2_000
TEXT_CHARS = 5_000
NAME_CHARS = 1_000
LINE_CHARS = 300
_SPANS = 2_000  # per lane, where the tests themselves aren't there: the picture has no more pixels

OUTCOMES = (*(outcome.value for outcome in Outcome), "flaky", "not run")
_FLAKY, _NOT_RUN = len(OUTCOMES) - 2, len(OUTCOMES) - 1
Row: TypeAlias = "CaseResult | NotRun"
_CODES = {outcome: number for number, outcome in enumerate(Outcome)}


def data_json(report: Report, lanes: Sequence[Lane], max_tests: int = MAX_TESTS) -> str:
    """Return the data as JSON that can stand in a `<script>`: ASCII, without `<`, `>` and `&`; `lanes` are all."""
    text = json.dumps(_document(report, lanes, chosen(report.cases, max_tests)), separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def chosen(cases: Sequence[CaseResult], max_tests: int) -> Sequence[CaseResult]:
    """Return the tests that a page holds, in order: of too many those that didn't simply pass, and the slowest."""
    if len(cases) <= max_tests:
        return cases
    passed = [number for number, case in enumerate(cases) if _simply_passed(case)]
    slowest = sorted(passed, key=lambda number: -cases[number].final.total_s)[: int(_SLOWEST_SHARE * max_tests)]
    dropped = set(passed).difference(slowest)
    return [case for number, case in enumerate(cases) if number not in dropped]


def _simply_passed(case: CaseResult) -> bool:
    return len(case.attempts) == 1 and case.outcome is Outcome.PASSED


def _document(report: Report, lanes: Sequence[Lane], cases: Sequence[CaseResult]) -> dict[str, Any]:
    rows: list[Row] = sorted([*cases, *report.not_run], key=_name)
    names = [visible(_name(row), NAME_CHARS).partition("::") for row in rows]
    files: dict[str, int] = {}
    first_s = min((lane.first_s for lane in lanes), default=0.0)
    return {
        "outcomes": OUTCOMES,
        "causes": [cause.value for cause in Cause],
        "shards": len(report.shards),
        "left_out": len(report.cases) - len(cases),
        "file": [files.setdefault(file, len(files)) for file, _, _ in names],
        "name": [separator + rest for _, separator, rest in names],
        "files": list(files),
        "outcome": [_code(row) for row in rows],
        "shard": [row.shard for row in rows],
        "unsafe": [test for test, row in enumerate(rows) if not is_pasteable(_name(row))],
        "cause": _causes(report.judgements, rows),
        "why": {test: visible(row.why, LINE_CHARS) for test, row in enumerate(rows) if isinstance(row, NotRun)},
        **_attempts(rows, {lane.key: number for number, lane in enumerate(lanes)}, first_s),
        "lanes": [_lane(lane, first_s) for lane in lanes],
        "busy": _busy(report.cases, lanes, first_s) if len(cases) < len(report.cases) else None,
    }


def _name(row: Row) -> str:
    return row.name if isinstance(row, NotRun) else row.nodeid


def _code(row: Row) -> int:
    if isinstance(row, NotRun):
        return _NOT_RUN
    return _FLAKY if row.is_flip else _CODES[row.outcome]


def _causes(judgements: Iterable[Judgement], rows: Sequence[Row]) -> dict[int, tuple[int, str]]:
    judged, order = {judgement.nodeid: judgement for judgement in judgements}, list(Cause)
    return {
        test: (order.index(judgement.cause), visible(judgement.why, LINE_CHARS))
        for test, row in enumerate(rows)
        if isinstance(row, CaseResult) and (judgement := judged.get(row.nodeid))
    }


def _attempts(rows: Sequence[Row], lane_of: Mapping[LaneKey, int], first_s: float) -> dict[str, Any]:
    """Return the columns of all attempts, test by test; `count` and `final` where a test has not just one."""
    texts_left = MAX_TEXTS
    columns: dict[str, list[int]] = {"a_outcome": [], "a_lane": [], "a_start": [], "a_ms": []}
    count, final, more = {}, {}, {}
    for test, row in enumerate(rows):
        attempts = row.attempts if isinstance(row, CaseResult) else ()
        is_told = False
        if isinstance(row, CaseResult):
            is_told = texts_left > 0 and (row.outcome.is_bad or row.is_flip)
            texts_left -= is_told
        if len(attempts) != 1:
            count[test] = len(attempts)
        if isinstance(row, CaseResult) and len(attempts) > 1:
            decided = row.final
            final[test] = next(place for place, (_, attempt) in enumerate(attempts) if attempt is decided)
        for job, attempt in attempts:
            if extra := _extra(job if len(attempts) > 1 else 0, attempt, is_told):
                more[len(columns["a_ms"])] = extra
            lane = lane_of[key_of(row.shard, job, attempt)] if is_placed(attempt) else -1
            columns["a_outcome"].append(_CODES[attempt.outcome])
            columns["a_lane"].append(lane)
            columns["a_start"].append(_ms(attempt.start_s - first_s) if lane >= 0 else 0)
            columns["a_ms"].append(_ms(attempt.total_s))
    return {**columns, "count": count, "final": final, "more": more}


def _extra(job: int, attempt: Attempt, is_told: bool) -> dict[str, Any]:
    """Return what is told of an attempt beside its columns; most have nothing. `job` is 0 of a test's only one."""
    extra: dict[str, Any] = {}
    if job:
        extra |= {"job": job, "fresh": attempt.fresh, "worker": visible(attempt.worker, 40)}
    if attempt.message:
        extra["message"] = message_of(attempt)
    if where := place_of(attempt):
        extra["location"] = where
    if is_told and (text := excerpt(attempt.text)):
        extra["text"] = text
    if attempt.outcome in (Outcome.ERROR, Outcome.FAILED) and attempt.phase != "call":
        extra["phase"] = visible(attempt.phase, 40)
    return extra


def message_of(attempt: Attempt) -> str:
    """Return the first line of what an attempt says of itself."""
    return visible(without_ansi(attempt.message[: 4 * LINE_CHARS]).strip().partition("\n")[0], LINE_CHARS)


def place_of(attempt: Attempt) -> str:
    """Return `path:line` where an attempt broke, "" when that isn't in the project: its text says where it is."""
    return visible(attempt.location, LINE_CHARS) if is_inside(attempt.location.rpartition(":")[0]) else ""


def excerpt(text: str) -> str:
    """Return text of several lines as a page shows it: of a long one head and tail; "" when it is blank."""
    return block(text, TEXT_CHARS) if text.strip() else ""


def _lane(lane: Lane, first_s: float) -> list[int | str]:
    key = lane.key
    return [key.shard, key.attempt, visible(key.worker, 40), _ms(lane.first_s - first_s), _ms(lane.last_s - first_s)]


def _busy(cases: Iterable[CaseResult], lanes: Sequence[Lane], first_s: float) -> list[list[int]]:
    """Return when each lane was busy, [start, end, start, end, …]: the picture of tests that aren't there."""
    spans: dict[LaneKey, list[tuple[float, float]]] = {lane.key: [] for lane in lanes}
    for case in cases:
        for job, attempt in case.attempts:
            if is_placed(attempt):
                spans[key_of(case.shard, job, attempt)].append((attempt.start_s, attempt.start_s + attempt.total_s))
    return [
        [
            _ms(at_s - first_s)
            for span in merged(spans[lane.key], (lane.last_s - lane.first_s) / _SPANS)
            for at_s in span
        ]
        for lane in lanes
    ]


def _ms(seconds: float) -> int:
    return round(1000 * min(seconds, 1e11))
