"""`report.html` without a browser: what is in it, what can't be, and its limits. `tests/browser` opens it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

import pytest
from browser.reports import green, red
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered import hostile
from samples import REPORT

from ci_tools.model.report import CaseResult, Conclusion, NotRun, Report
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.verdict import Cause, Judgement
from ci_tools.report.columns import TEXT_CHARS, data_json
from ci_tools.report.html import html_page
from ci_tools.report.lanes import Lane, LaneKey, lanes
from ci_tools.report.markdown import RunFacts
from ci_tools.report.parts import failure_groups
from ci_tools.report.times import time_line


@dataclass
class Page(HTMLParser):
    """The elements, their attributes, the text within each script and style."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag
        if tag in ("script", "style"):
            self.raw.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            self.raw[-1] += data
        else:
            self.text.append(data)

    def attribute(self, name: str) -> list[str]:
        return [str(attributes[name]) for _, attributes in self.elements if name in attributes]


def page_of(report: Report, **facts: Any) -> Page:
    page = Page()
    page.feed(html_page(report, facts=RunFacts(**facts)))
    page.close()
    return page


def data_of(report: Report, max_tests: int = 1000) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(data_json(report, lanes(report.cases), max_tests))
    return data


def of_cases(*cases: CaseResult, **fields: Any) -> Report:
    return replace(REPORT, cases=cases, not_run=(), judgements=(), changes=None, **fields)


def passed(nodeid: str, start_s: float, seconds: float, *, worker: str = "gw0", shard: int = 1) -> CaseResult:
    attempt = Attempt(nodeid=nodeid, outcome=Outcome.PASSED, worker=worker, start_s=start_s, seconds=(0, seconds, 0))
    return CaseResult(nodeid=nodeid, shard=shard, attempts=((1, attempt),))


def test_the_same_report_gives_the_same_bytes() -> None:
    assert html_page(red(), facts=RunFacts()) == html_page(red(), facts=RunFacts())


def test_nothing_is_loaded_and_only_our_own_style_and_script_may_run() -> None:
    page = page_of(red())
    style, data, script = page.raw
    policy = page.attribute("content")[0]

    def name_of(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert policy == (
        f"default-src 'none'; style-src {name_of(style)}; script-src {name_of(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert json.loads(data)["shards"] == 4
    assert {tag for tag, _ in page.elements} & {"img", "iframe", "object", "embed", "base"} == set()
    assert page.attribute("src") == [] and page.attribute("style") == []
    assert all(link.startswith(("#", "data:image/svg+xml,")) for link in page.attribute("href"))
    assert not re.search(r"url\(|@import", style)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|fetch\(|XMLHttp|import\(", script
    )


@pytest.mark.parametrize(
    ("run_url", "sha", "linked", "said"),
    [
        ("https://github.com/o/r/actions/runs/7", "4d6e3b0f", ["https://github.com/o/r/actions/runs/7"], True),
        ("javascript:alert(1)", "4d6e3b0f", [], True),
        ('https://x/"onclick="alert(1)', "<b>", [], False),
        ("https://x/\n", "4d6e3b0f\n", [], False),
    ],
)
def test_only_a_safe_address_is_a_link_and_only_a_commit_is_one(
    run_url: str, sha: str, linked: list[str], said: bool
) -> None:
    page = page_of(green(), run_url=run_url, sha=sha)
    assert [link for link in page.attribute("href") if not link.startswith(("#", "data:"))] == linked
    assert ("4d6e3b0" in page.text) is said


def test_failures_are_apart_by_cause_and_those_that_ask_most_come_first() -> None:
    report = red(400, failures=9)
    assert [(group.title, group.total) for group in failure_groups(report, 50)] == [
        ("New failures", 2),
        ("New tests that fail", 1),
        ("Only in this environment", 1),
        ("Infrastructure", 1),
        ("Known flaky", 2),
        ("Also red on the base", 1),
        ("Quarantined", 1),
    ]
    cards = [card for group in failure_groups(report, 4) for card in group.cards]
    assert [card.label for card in cards] == ["new", "new", "new test", "environment-specific"]
    assert [card.is_open for card in cards] == [True, False, False, False]


def test_a_card_has_all_that_is_known_of_a_failure() -> None:
    nodeid = "tests/test_a.py::test_b[x y]"
    first = Attempt(
        nodeid=nodeid,
        outcome=Outcome.ERROR,
        worker="gw1",
        start_s=5.0,
        seconds=(2.5, 0.0, 0.0),
        phase="setup",
        message="\x1b[31mfixture 'db' failed\x1b[0m\nmore",
        text="line one\n\x1b[31mline two\u202e",
        location="tests/conftest.py:7",
    )
    again = replace(first, fresh=1, seconds=(0.012, 0.0, 0.0), location="/usr/lib/python3/x.py:7")
    report = replace(
        of_cases(CaseResult(nodeid=nodeid, shard=2, attempts=((1, first), (1, again)))),
        judgements=(Judgement(nodeid=nodeid, cause=Cause.BASE, why="since 4d6e3b0, 4 runs"),),
    )
    assert [extra.get("location") for extra in data_of(report)["more"].values()] == ["tests/conftest.py:7", None]
    (group,) = failure_groups(report, 50)
    (card,) = group.cards
    assert (card.name.file, card.name.rest) == ("tests/test_a.py", "::test_b[x y]")
    assert (card.outcome, card.label, card.why) == ("error", "also red on the base", "since 4d6e3b0, 4 runs")
    assert (card.message, card.where) == ("fixture 'db' failed", "error in setup · tests/conftest.py:7")
    assert card.text == "line one\nline two\\u202e"
    assert card.command == "python -m pytest 'tests/test_a.py::test_b[x y]'"
    assert [(t.how, t.outcome, t.time, t.worker) for t in card.attempts] == [
        ("first run", "error", "2.5 s", "gw1"),
        ("in a fresh process", "error", "12 ms", "gw1"),
    ]


def test_an_id_that_a_shell_could_take_for_something_else_has_no_command() -> None:
    case = CaseResult(nodeid="-p evil.py::t", shard=1, attempts=((1, Attempt(nodeid="", outcome=Outcome.FAILED)),))
    (group,) = failure_groups(of_cases(case), 50)
    assert group.cards[0].command == ""
    assert data_of(of_cases(case))["unsafe"] == [0]


def test_the_data_is_in_columns() -> None:
    failed = Attempt(
        nodeid="", outcome=Outcome.FAILED, start_s=100.0, seconds=(0, 1.5, 0), message="boom\nmore", text="E"
    )
    again = replace(failed, outcome=Outcome.PASSED, fresh=1, start_s=103.0, message="", text="")
    report = replace(
        of_cases(
            passed("a.py::t", 101.0, 0.25, worker="gw1"),
            CaseResult(nodeid="a.py::u", shard=1, attempts=((1, failed), (2, again))),
        ),
        not_run=(NotRun(name="a.py::tt", shard=2, why="shard 2 is missing"),),
    )
    assert data_of(report) == {
        "outcomes": [
            *("passed", "failed", "error", "skipped", "xfailed", "xpassed", "crashed", "unknown", "flaky", "not run")
        ],
        "causes": [cause.value for cause in Cause],
        "shards": 3,
        "left_out": 0,
        "file": [0, 0, 0],
        "name": ["::t", "::tt", "::u"],
        "files": ["a.py"],
        "outcome": [0, 9, 8],
        "shard": [1, 2, 1],
        "unsafe": [],
        "cause": {},
        "why": {"1": "shard 2 is missing"},
        "a_outcome": [0, 1, 0],
        "a_lane": [0, 1, 2],
        "a_start": [1000, 0, 3000],
        "a_ms": [250, 1500, 1500],
        "count": {"1": 0, "2": 2},
        "final": {"2": 1},
        "more": {
            "1": {"job": 1, "fresh": 0, "worker": "main", "message": "boom", "text": "E"},
            "2": {"job": 2, "fresh": 1, "worker": "main"},
        },
        "lanes": [[1, 1, "gw1", 1000, 1250], [1, 1, "main", 0, 1500], [1, 2, "main", 3000, 4500]],
        "busy": None,
    }


def test_the_data_can_stand_in_a_script() -> None:
    nodeid = "a.py::t[</script><!--<script>&amp;\u2028\ud800]"
    report = of_cases(passed(nodeid, 1.0, 1.0))
    text = data_json(report, lanes(report.cases))
    assert text.isascii() and not re.search("[<>&]", text)
    assert json.loads(text)["name"] == ["::t[</script><!--<script>&amp;\\u2028\\ud800]"]


def test_of_too_many_tests_those_are_left_out_that_simply_passed() -> None:
    report = red(400, failures=9)
    data = data_of(report, max_tests=200)
    kept = Counter(data["outcomes"][code] for code in data["outcome"])
    numbers = Counter("flaky" if case.is_flip else case.outcome.value for case in report.cases)
    assert kept == {**numbers, "passed": 20, "not run": 12}
    assert data["left_out"] == numbers["passed"] - 20
    slowest = sorted((c.final.total_s for c in report.cases if c.outcome is Outcome.PASSED), reverse=True)
    assert max(data["a_ms"]) == round(1000 * slowest[0])
    whole = sum(lane.busy_s for lane in lanes(report.cases))
    busy = sum(end - start for spans in data["busy"] for start, end in zip(spans[::2], spans[1::2]))
    assert busy == pytest.approx(1000 * whole, rel=0.1)
    assert "more than 200 tests" in html_page(report, facts=RunFacts(), max_tests=200)


def test_texts_are_kept_short_and_few_enough() -> None:
    short = Attempt(nodeid="", outcome=Outcome.FAILED, message="m" * 301, text="short")
    long = replace(short, message="m" * 10**6, text="x" * 10**6 + "\nlast line")
    cases = [CaseResult(nodeid=f"a.py::t{n:04}", shard=1, attempts=((1, short if n else long),)) for n in range(2_010)]
    more = data_of(of_cases(*cases), max_tests=10_000)["more"]
    texts = [extra["text"] for extra in more.values() if "text" in extra]
    assert len(texts) == 2_000 and max(map(len, texts)) <= TEXT_CHARS
    assert texts[0].endswith("\nlast line") and "characters left out" in texts[0]
    assert {len(extra["message"]) for extra in more.values()} == {300}


def test_lanes_say_busy_idle_and_alone() -> None:
    cases = (
        passed("a.py::t", 10.0, 2.0),
        passed("a.py::u", 13.0, 1.0),
        passed("a.py::v", 13.5, 1.0),  # overlaps: counted once
        passed("b.py::t", 11.0, 8.0, worker="gw10"),
        passed("b.py::u", 1.0, 1.0, worker="gw2", shard=2),
        passed("b.py::v", 0.0, 1.0, worker="gw3", shard=2),  # nobody knows when
    )
    assert lanes(reversed(cases)) == (
        _lane(1, "gw0", attempts=3, busy_s=3.5, idle_s=5.5, alone_s=0.0, first_s=10.0, last_s=14.5),
        _lane(1, "gw10", attempts=1, busy_s=8.0, idle_s=1.0, alone_s=4.5, first_s=11.0, last_s=19.0),
        _lane(2, "gw2", attempts=1, busy_s=1.0, idle_s=0.0, alone_s=0.0, first_s=1.0, last_s=2.0),
    )
    assert time_line(lanes(cases)) == (
        "3 workers, busy 65.8 % of their shards' time, 6.5 s idle; "
        "the longest serial tail: 4.5 s, gw10 of shard 1 alone"
    )
    assert time_line(()) == ""


def _lane(shard: int, worker: str, **fields: Any) -> Lane:
    return Lane(key=LaneKey(shard=shard, attempt=1, worker_order=len(worker), worker=worker), **fields)


def shape(page: Page) -> Counter[str]:
    """Return how often each element is there that text might add."""
    return Counter(
        tag for tag, _ in page.elements if tag in ("script", "style", "a", "b", "img", "svg", "details", "p")
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(hostile, min_size=8, max_size=8))
def test_hostile_text_adds_no_element_and_no_attribute(texts: list[str]) -> None:
    def report(*words: str) -> Report:
        attempt = Attempt(
            nodeid=words[0],
            outcome=Outcome.FAILED,
            worker=words[1],
            message=words[2],
            text=words[3] + "\nE",
            start_s=1.0,
        )
        return replace(
            of_cases(CaseResult(nodeid=words[0], shard=1, attempts=((1, attempt), (1, attempt)))),
            conclusion=Conclusion.INCOMPLETE,
            reasons=(words[4] + "x",),
            notes=(words[5],),
            not_run=(NotRun(name=words[6], shard=1, why=words[7]),),
        )

    page, plain = page_of(report(*texts)), page_of(report(*("a.py::t",) * 8))
    ours = {name for _, attributes in plain.elements for name in attributes}
    assert {name for _, attributes in page.elements for name in attributes} <= ours
    assert [tag for tag, _ in page.elements if tag in ("script", "style", "details", "li", "pre")] == [
        tag for tag, _ in plain.elements if tag in ("script", "style", "details", "li", "pre")
    ]
    assert page.raw[0] == plain.raw[0] and page.raw[2] == plain.raw[2]
    assert len(json.loads(page.raw[1])["name"]) == 2
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ud800-\udfff]", "".join(page.text))
