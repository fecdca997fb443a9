"""The summary and the comment: word for word, within their limits, and inert whatever a job says."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from bundles import attempt, bundle, plan_of_files
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered import TRIGGERS, hostile, rendered
from report.runs import RUNS, case, failed, red, shard
from samples import REPORT
from strategies import hostile_nodeids

from ci_tools.merge.judge import merge
from ci_tools.model.errors import CiToolsError
from ci_tools.model.report import POLICIES, Conclusion, NotRun, Report, ShardState
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.verdict import BaseRun, Cause, Changes, Judgement, Slower
from ci_tools.report.ladder import Section, pages
from ci_tools.report.markdown import (
    MAX_COMMENT_CHARS,
    MAX_SUMMARY_BYTES,
    RunFacts,
    comment_bodies,
    marker,
    summary,
    verdict_mark,
)
from ci_tools.report.reproduce import commands, is_inside, is_pasteable

URL = "https://github.com/org/repo/actions/runs/7/attempts/2"
SHA = "4d6e3b0f" * 5
COST_LINES = ("6 minutes on ubuntu-latest, $0.036 of $0.04 paid for tests",)
PLAN = plan_of_files(["a.py"], ["b.py"])


def green() -> Report:
    return merge([bundle(PLAN, 1, [attempt("a.py::t")]), bundle(PLAN, 2, [attempt("b.py::t", "skipped")])], PLAN)


def test_a_green_summary_is_short() -> None:
    assert summary(green()) == (
        "### ✅ 1 test passed, each exactly once\n\n"
        "2 tests · 1 passed · 1 skipped · 0 not run · 2 shards · slowest shard 1.0 s (planned 1.0 s)\n\n"
        "#### Shards (2)\n\n"
        "| shard | state | attempt | tests | failed | planned | actual | total | workers |\n"
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| 1/2 | ok | 1 | 1 | 0 | 1.0 s | 1.0 s | 1m 39s | 2 |\n"
        "| 2/2 | ok | 1 | 1 | 0 | 1.0 s | 1.0 s | 1m 39s | 2 |\n"
    )


def test_the_bodies_of_a_green_comment_end_with_three_lines() -> None:
    bodies = comment_bodies(green(), key="tests", run_url=URL, attempt=2, sha=SHA)
    head = f"<!-- xdist-ci:v1 key=tests -->\n{verdict_mark(green())}\n### ✅ 1 test passed, each exactly once\n"
    assert bodies[-1] == head
    assert bodies[0].split("\n")[4].endswith("(planned 1.0 s) · attempt 2 · `4d6e3b0`")
    assert bodies[0].endswith(f"[run]({URL}) · [artifacts]({URL}#artifacts)\n")


FAILED = attempt("a.py::t", "failed", message="assert 1 == 2\nmore")


def many(number: int, text: str = "E   assert\n" * 100, name: str = "tests/test_a.py::test_") -> Report:
    """Return a report with that many failures, flaky tests, and tests that didn't run."""
    bad = attempt("", "failed", message=text[:200], text=text, location="tests/test_a.py:1")
    return replace(
        REPORT,
        cases=tuple(case(f"{name}{i:05}", bad) for i in range(number))
        + tuple(case(f"{name}flaky_{i:05}", bad, attempt("")) for i in range(number)),
        not_run=tuple(NotRun(name=f"{name}not_run_{i:05}", shard=2, why="shard 2 was killed") for i in range(number)),
    )


def test_a_page_lists_the_first_and_counts_the_others() -> None:
    body, text = comment_bodies(many(60), key="tests")[0], summary(many(60))
    assert body.count("\n| `tests/test_a.py::test_0") == 10 and text.count("\n| `tests/test_a.py::test_0") == 50
    assert body.count("\nand 50 more, in `report.json`\n") == 3 and text.count("\nand 10 more, in `report.json`\n") == 3


HUGE = many(5_000, text=f"{'🎉' * 60}|`\n\n</details>@octocat\n" * 300, name="é|" * 190)


def test_a_summary_of_too_much_gives_up_whole_blocks_and_says_so() -> None:
    text = summary(HUGE)
    assert 500_000 < len(text.encode("utf-8")) <= MAX_SUMMARY_BYTES
    gone = re.findall(
        r"\n\*Left out for length: (\d+) tracebacks, 1 list of changes, 1 table of shards\. All .*\n", text
    )
    assert len(gone) == 1 and text.count("<details>") == 100 - int(gone[0])
    assert rendered(text).elements.count("pre") == 100 - int(gone[0]) + 1  # and the commands


def test_bodies_shrink_from_what_fits_to_the_verdict() -> None:
    bodies = comment_bodies(HUGE, key="tests", run_url=URL, cost_lines=COST_LINES)
    sizes = [len(body) for body in bodies]
    assert 30_000 < sizes[0] <= MAX_COMMENT_CHARS
    assert all(later <= 0.75 * earlier for earlier, later in pairwise(sizes))
    assert {body.split("\n")[0] for body in bodies} == {marker("tests")}
    assert bodies[-1].count("\n") == 3
    for body in bodies:
        rendered(body)


def test_a_ladder_gives_up_the_least_worth_first_and_of_equals_the_lowest() -> None:
    sections = [Section(name=name, worth=worth, text=text) for name, worth, text in _SECTIONS]
    assert list(pages("head", sections)) == [
        "head\n\na\n\nb\n\nc\n\nd\n",
        "head\n\na\n\nb\n\nc\n\n*Left out for length: 1 trace. All results are in `report.json`.*\n",
        "head\n\na\n\nc\n\n*Left out for length: 2 traces. All results are in `report.json`.*\n",
        "head\n\na\n\n*Left out for length: 2 traces, 1 table. All results are in `report.json`.*\n",
        "head\n",
    ]


_SECTIONS = (("line", 9, "a"), ("trace", 1, "b"), ("table", 2, "c"), ("trace", 1, "d"))


@st.composite
def hostile_reports(draw: st.DrawFn) -> Report:
    """A report whose every text a job may have written."""
    text = lambda: draw(hostile)  # noqa: E731
    bad = Attempt(nodeid="", outcome=draw(st.sampled_from(Outcome)), message=text(), text=text(), phase=text())
    again = Attempt(nodeid="", outcome=Outcome.PASSED, worker=text())
    said = replace(
        REPORT,
        conclusion=draw(st.sampled_from(Conclusion)),
        reasons=(text(), text()),
        notes=(text(),),
        plan_digest=draw(st.sampled_from(["", REPORT.plan_digest])),
        fail_on=draw(st.sampled_from(POLICIES)),
        changes=Changes(
            base=BaseRun(branch=text(), sha=text(), run_id=1, at_s=0.0, tests=1),
            fixed=(text(),),
            removed=(text(),),
            slower=(Slower(nodeid=text(), before_s=1.0, now_s=2.0),),
        ),
    )
    if draw(st.booleans()):  # nothing but a reason explains the verdict
        return replace(said, shards=(), cases=(), not_run=(), lost=(), duplicated=())
    ids = [text(), text()]
    return replace(
        said,
        judgements=tuple(Judgement(nodeid=nodeid, cause=draw(st.sampled_from(Cause)), why=text()) for nodeid in ids),
        shards=tuple(replace(shard, reason=text()) for shard in REPORT.shards),
        cases=(case(ids[0], bad), case(ids[1], bad), case(text(), bad, again)),
        not_run=(NotRun(name=text(), shard=1, why=text()),),
        lost=(text(),),
        duplicated=(text(),),
    )


ELEMENTS = {
    *("h3", "h4", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "details", "summary"),
    *("span", "em"),
}


@settings(deadline=None)
@given(report=hostile_reports(), cost_line=hostile)
def test_no_text_of_a_job_does_anything(report: Report, cost_line: str) -> None:
    for text in (summary(report, cost_lines=[cost_line]), *comment_bodies(report, key="k", cost_lines=[cost_line])):
        page = rendered(text)
        assert set(page.elements) <= ELEMENTS
        assert page.comments in ([], [" xdist-ci:v1 key=k ", verdict_mark(report)[4:-3]])
        assert [piece for piece in page.prose if TRIGGERS.search(piece)] == []
        assert page.elements.count("details") == page.elements.count("summary")


def test_the_marker_names_the_key_and_nothing_else() -> None:
    assert marker("py3.12-linux+x_y") == "<!-- xdist-ci:v1 key=py3.12-linux+x_y -->"
    for key in ("", "a--b", "-->", "a b", "é", "a\n", "x" * 65):
        with pytest.raises(CiToolsError, match="can't name a comment"):
            marker(key)


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "https://x.y/a)(b", "https://x.y/ z", "https://x.y/\n", "//x.y"]
)
def test_an_address_that_is_none_is_no_link(url: str) -> None:
    assert "](" not in summary(green(), context=RunFacts(run_url=url, sha="`@x`"))
    assert "@x" not in summary(green(), context=RunFacts(run_url=url, sha="`@x`"))


NODEIDS = ["tests/test_a.py::T::test_b[x y]", "a.py::it's", 'a.py::"$(id)`id`!\\', "é.py::t[&|;*]", "a.py"]


def test_commands_reach_pytest_as_they_are_meant(tmp_path: Path) -> None:
    report = replace(REPORT, cases=tuple(case(nodeid, FAILED) for nodeid in NODEIDS))
    text, n_unsafe = commands(report, report.bad, 10)
    # Functions in the place of the programs: what a shell passes on, NUL after each word.
    functions = 'python() { printf \'%s\\0\' "$@"; }\nci-tools() { python "$@"; }\n'
    shell = subprocess.run(["bash", "-c", functions + text], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (shell.stdout.split("\0"), n_unsafe) == (
        ["-m", "pytest", *NODEIDS]
        + [word for i in (1, 2, 3) for word in ("run", "--shard", f"{i}/3", "--plan", "plan.json")]
        + [""],
        0,
    )


@pytest.mark.parametrize(
    "nodeid",
    [
        *("-p evil", "--rootdir=/", "@args", "/etc/x.py::t", "../x.py::t", "a/../x.py::t", "~/x.py::t", "C:\\x.py", ""),
        *("a.py::t[\n]", "a.py::t[\x1b]", "a.py::t[\u202e]", "a.py::t[\ud800]", "a.py::t[```]", "a.py::" + "x" * 300),
    ],
)
def test_what_a_terminal_or_pytest_would_take_for_something_else_is_not_pasted(nodeid: str) -> None:
    assert not is_pasteable(nodeid)
    report = replace(REPORT, cases=(case(nodeid, FAILED),), shards=())
    assert summary(report).endswith("\n\nleft out: 1 test with an id that can't be pasted safely\n")


@settings(deadline=None)
@given(nodeid=hostile_nodeids)
def test_a_path_inside_leads_nowhere_else(nodeid: str) -> None:
    if is_inside(nodeid):
        assert os.path.normpath(f"/r/{nodeid}") == f"/r/{nodeid}"


def test_what_needs_somebody_comes_before_what_is_known() -> None:
    text = summary(RUNS["failures"])
    titles = re.findall(r"^#### (.*) \(", text, re.MULTILINE)
    assert titles == ["Needs you", "Known from before", "Shards"]
    listed = re.findall(r"^\| `(.*?)` \| (?:(.*?) · .*?|([a-z ]*)) \| \d", text, re.MULTILINE)
    causes = [with_why or alone for _, with_why, alone in listed]
    assert causes == [cause.value for cause in Cause]


def test_a_comment_has_no_traceback_of_what_is_known() -> None:
    report = RUNS["failures"]
    assert (summary(report).count("```\n    def"), comment_bodies(report, key="k")[0].count("```\n    def")) == (8, 5)


def test_only_the_summary_lists_what_changed() -> None:
    report = RUNS["failures"]
    line = (
        "\n\nWhat changed against `main` at `9f3c1ab`: "
        "+3 tests, −1, 2 newly failing, 1 fixed, 1 newly skipped, 1 slower\n\n"
    )
    assert (summary(report).count(line), comment_bodies(report, key="k")[0].count(line)) == (1, 1)
    assert "<summary>3 new tests</summary>" in summary(report)
    assert "<summary>3 new tests</summary>" not in comment_bodies(report, key="k")[0]


def test_a_quarantined_failure_is_no_command() -> None:
    assert "#### Reproduce" not in summary(RUNS["quarantined-only"])
    assert "test_upload" not in summary(RUNS["failures"]).partition("#### Reproduce")[2]


def test_of_many_shards_a_comment_shows_those_that_are_not_ok_and_the_slowest() -> None:
    shards = tuple(replace(shard(i, tests_s=float(i)), state=ShardState.OK) for i in range(1, 31))
    report = replace(RUNS["all-green"], shards=(replace(shards[0], state=ShardState.RED), *shards[1:]))
    table = comment_bodies(report, key="k")[0].partition("#### Shards (30)")[2]
    assert re.findall(r"^\| (\d+)/30", table, re.MULTILINE) == ["1", *map(str, range(30, 21, -1))]
    assert "\n\nand 20 more, in `report.json`\n" in table
    assert re.findall(r"^\| (\d+)/30", summary(report), re.MULTILINE) == [str(i) for i in range(1, 31)]


def test_of_more_failures_than_are_listed_those_come_first_that_say_something_else() -> None:
    cases = [failed(f"a.py::t{i:02}", "refused") for i in range(20)] + [failed("z.py::t", "assert 0")]
    body = comment_bodies(replace(RUNS["first-run"], cases=tuple(cases)), key="k")[0]
    listed = re.findall(r"^\| `(\w\.py::\w+)`", body, re.MULTILINE)
    assert listed == ["a.py::t00", "z.py::t", *(f"a.py::t{i:02}" for i in range(1, 9))]
    new = tuple(Judgement(nodeid=f"a.py::t{i}", cause=Cause.NEW) for i in (18, 19))
    judged = comment_bodies(replace(RUNS["first-run"], cases=tuple(cases), judgements=new), key="k")[0]
    listed = re.findall(r"^\| `(\w\.py::\w+)`", judged, re.MULTILINE)
    assert listed == ["a.py::t18", "a.py::t19", "z.py::t", *(f"a.py::t{i:02}" for i in range(7))]
    few = summary(replace(RUNS["first-run"], cases=tuple(cases)))
    assert re.findall(r"^\| `(\w\.py::\w+)`", few, re.MULTILINE) == [case.nodeid for case in cases]


def test_without_a_base_run_failures_are_listed_as_such_beside_the_quarantined() -> None:
    text = summary(red(Cause.NOT_COMPARED, Cause.QUARANTINED))
    assert re.findall(r"^#### (.*) \(1\)", text, re.MULTILINE) == ["Failed", "Known from before"]
    assert "not compared" not in text
