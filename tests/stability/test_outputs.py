"""A study as text, JSON, Markdown and HTML: whole, and inert."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import islice

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from torture.simulated import Suite, by_zone, crowded, good, studied

from ci_tools.model.errors import FormatError
from ci_tools.model.run import Outcome
from ci_tools.model.trial import Conditions, Order
from ci_tools.stability.as_json import as_json, seed_of
from ci_tools.stability.design import Factors, design
from ci_tools.stability.heat import MAX_COLUMNS, MAX_ROWS, heat
from ci_tools.stability.html import as_html
from ci_tools.stability.judge import Report, judged
from ci_tools.stability.markdown import MAX_BYTES, as_markdown
from ci_tools.stability.record import Ask, Run, Study
from ci_tools.stability.tell import bisect_command, replay_command
from ci_tools.stability.text import as_text

HOSTILE = "a.py::t[<script>alert(1)</script>|\x1b[31m@octocat#1 ``` \u202e]"
MESSAGE = "<img src=x onerror=alert(2)> \x1b]0;title\x07 @octocat"

TEXT = """\
UNSTABLE: 1 of 2 tests failed now and then in 12 runs
  suite: red in 4 of 12 runs (33.3 %, 95 % interval 9.9 to 65.1 %)
  the other test: bad in 0 of 12 runs (at most 22.1 %)
  chance that so many runs miss a test that fails in 5 % of them: 54.0 %
  still without a failure after 47 more: under 5 %; after 287 more: under 1 %
  covered: 12 of 12 levels × orders, 73 of 76 pairs of level, order, hash seed, time zone, load
  seed 3: with it the same runs are made again
  8 more runs made to find causes, counted nowhere else

z.py::t: time zone, bad in 4 of 12 runs (33.3 %, 95 % interval 9.9 to 65.1 %)
    it broke
    -n 0 →· ←F ⇄·  -n 1 →F ←· ⇄·  -n 2 →F ←· ⇄·  -n auto →· ←· ⇄F
    one at a time 2 of 6, beside others 2 of 6
    alone with TZ=Pacific/Kiritimati 5 of 5 runs (100 %, 95 % interval 47.8 to 100 %), with another value 0 of 3 runs (at most 63.2 %)
    replay of run 6: ci-tools stability --seed 3 --levels 0,1,2,auto --order same,reverse,random --replay 6 -- pytest

· passed  F failed  E error  C crashed  s skipped  – not run  → same order  ← reverse order  ⇄ random order
"""  # noqa: E501 - as it is printed


def hostile() -> Report:
    """Return a report with hostile names and words wherever any can stand."""

    def run(number: int, outcome: Outcome, **fields: object) -> Run:
        ask = Ask(number=number, conditions=Conditions(workers="0", hash_seed=1))
        shown = Run(ask=ask, outcomes={HOSTILE: outcome, "b.py::t": Outcome.PASSED}, messages={HOSTILE: MESSAGE})
        return replace(shown, **fields)  # type: ignore[arg-type]

    missing = run(3, Outcome.PASSED, outcomes={HOSTILE: Outcome.PASSED})
    runs = (run(1, Outcome.FAILED), run(2, Outcome.PASSED), missing, run(4, Outcome.PASSED, problem=MESSAGE))
    return judged(Study(factors=Factors(levels=("0",)), command=("pytest", "-k", "a b"), planned=4, runs=runs))


def large(n_tests: int, n_runs: int) -> Report:
    """Return a report of so many bad tests; each fails in every third run."""
    names = [f"tests/test_{n % 20}.py::test_{n}" for n in range(n_tests)]
    runs = []
    for number, conditions in enumerate(islice(design(Factors()), n_runs)):
        outcomes = {name: Outcome.PASSED if (n + number) % 3 else Outcome.FAILED for n, name in enumerate(names)}
        workers = dict.fromkeys(names, "main")
        ask = Ask(number=number + 1, conditions=conditions)
        runs.append(Run(ask=ask, outcomes={**outcomes, "good.py::t": Outcome.PASSED}, workers=workers))
    return judged(Study(factors=Factors(), command=("pytest",), planned=n_runs, runs=tuple(runs)))


def test_the_text_is_word_for_word_this() -> None:
    assert as_text(studied(Suite({"z.py::t": by_zone, "g.py::t": good}), runs=12, seed=3, questions=30)) == TEXT


def test_text_of_hostile_names_stays_on_its_lines() -> None:
    text = as_text(hostile())
    assert "\x1b" not in text and "\u202e" not in text
    assert text.splitlines()[0] == "UNSTABLE: 1 of 2 tests failed now and then in 3 runs"
    assert "\nNOT THE SAME TESTS\n  1 test not run in run 3: 'b.py::t'\n" in text
    assert "\nNOT COUNTED\n  run 4, -n 0, same order, PYTHONHASHSEED=1: <img" in text


def test_the_command_that_repeats_a_run_says_all_that_matters() -> None:
    study = hostile().study
    factors = Factors(levels=("0", "4"), orders=(Order.RANDOM,), stress=(0, 2), dist="load", seed=7)
    assert replay_command(replace(study, factors=factors), 5) == (
        "ci-tools stability --seed 7 --levels 0,4 --order random --dist load --stress --replay 5 -- pytest -k 'a b'"
    )


def test_the_command_that_finds_the_polluter_is_told_where_there_is_one_and_its_id_can_be_pasted() -> None:
    report = studied(Suite({"c.py::t": crowded, "z.py::t": by_zone}), runs=9, levels=("0", "4"), questions=40)
    study = replace(report.study, place="out/trials")
    commands = {test.nodeid: bisect_command(study, test) for test in report.bad}
    assert commands == {
        "c.py::t": "ci-tools bisect c.py::t --from out/trials/run-002-n4-random -- pytest",
        "z.py::t": "",
    }
    crowd = next(test for test in report.bad if test.nodeid == "c.py::t")
    assert bisect_command(study, replace(crowd, nodeid=HOSTILE)) == bisect_command(report.study, crowd) == ""


def test_json_has_everything_and_its_seed_is_found_again() -> None:
    report = studied(Suite({"z.py::t": by_zone, "g.py::t": good}), runs=12, seed=3, questions=30)
    document = json.loads(as_json(report))
    assert {name: document[name] for name in ("verdict", "exit_code", "tests", "others", "planned", "red")} == {
        "verdict": "unstable",
        "exit_code": 1,
        "tests": 2,
        "others": {"bad": 0, "n": 12, "interval": [0.0, 0.220922]},
        "planned": 12,
        "red": {"bad": 4, "n": 12, "interval": [0.099246, 0.651124]},
    }
    (bad,) = document["bad"]
    assert (bad["id"], bad["class"], bad["sure"], bad["p"]) == ("z.py::t", "time zone", True, 0.727272727)
    assert [run["purpose"] for run in document["runs"]] == ["design"] * 12 + ["alone"] * 8
    assert seed_of(as_json(report), source="report.json") == 3
    with pytest.raises(FormatError, match="wanted 'xdist-ci/stability'"):
        seed_of("{}", source="report.json")


def test_the_same_study_gives_the_same_bytes_in_every_format() -> None:
    reports = [studied(Suite({"c.py::t": crowded, "g.py::t": good}), runs=9, questions=20) for _ in range(2)]
    for form in (as_text, as_json, as_markdown, as_html):
        first, second = map(form, reports)
        assert first == second


class Page(HTMLParser):
    """Tags and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self._in_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")
        self._in_cell = tag == "td"

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = False


def test_markdown_of_hostile_names_has_no_tag_and_no_mention() -> None:
    html = cmarkgfm.github_flavored_markdown_to_html(as_markdown(hostile()), Options.CMARK_OPT_UNSAFE)
    outside = re.sub(r"<code.*?</code>", "", html, flags=re.S)
    assert "octocat" in html and "octocat" not in outside
    assert not {"script", "img"} & set(Page(html).tags)


def test_the_page_has_no_script_and_shows_names_as_they_are() -> None:
    page = as_html(hostile())
    assert not {"script", "img", "a href=http"} & set(Page(page).tags)
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "\x1b" not in page


def test_the_picture_has_a_row_per_bad_test_a_column_per_run_and_one_row_for_the_rest() -> None:
    report = studied(Suite({"c.py::t": crowded, "g.py::t": good}), runs=9, levels=("0", "4"))
    picture = heat(report)
    assert picture.levels == (("0", 5), ("4", 4))
    assert [cell.letter for cell in picture.rows[0].cells] == ["·"] * 5 + ["F"] * 4
    rows = [row for row in Page(as_html(report)).rows if len(row) == 9]
    assert rows == [["·"] * 5 + ["F"] * 4, ["·"] * 9]


def test_three_hundred_tests_in_a_hundred_runs_are_a_page_of_two_megabytes() -> None:
    report = large(MAX_ROWS + 20, 100)
    page = as_html(report)
    assert len(page) < 2_000_000
    assert f"{MAX_ROWS} of {MAX_ROWS + 20} bad tests in 100 of 100 runs" in page
    assert len(as_markdown(report).encode()) < MAX_BYTES
    assert len(heat(report).columns) <= MAX_COLUMNS
