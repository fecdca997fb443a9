"""The summary and the comment: word for word, within their limits, and inert whatever a job says."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from bundles import attempt, bundle, plan_of_files, seen
from hypothesis import given
from hypothesis import strategies as st
from rendered import TRIGGERS, hostile, rendered
from samples import REPORT
from strategies import hostile_nodeids

from ci_tools.merge.judge import merge
from ci_tools.model.errors import CiToolsError
from ci_tools.model.report import CaseResult, Conclusion, NotRun, Report, ShardState
from ci_tools.model.run import Attempt, Outcome
from ci_tools.report.ladder import Section, pages
from ci_tools.report.markdown import MAX_COMMENT_CHARS, MAX_SUMMARY_BYTES, RunFacts, comment_bodies, marker, summary
from ci_tools.report.reproduce import commands, is_inside, is_pasteable

GOLDEN = Path(__file__).parents[1] / "golden/markdown"
URL = "https://github.com/org/repo/actions/runs/7/attempts/2"
SHA = "4d6e3b0f" * 5
COST_LINES = ("6 minutes on ubuntu-latest, $0.036 of $0.04 paid for tests",)
PLAN = plan_of_files(["a.py"], ["b.py"])


def case(nodeid: str, *attempts: Attempt, shard: int = 1) -> CaseResult:
    return CaseResult(nodeid=nodeid, shard=shard, attempts=tuple((1, attempt) for attempt in attempts))


RICH = replace(
    REPORT,
    reasons=(
        "shard 2 was killed while running 'tests/test_slow.py::T::test_two'; 1 test or file did not run",
        "shard 3 is missing: no bundle of it was found",
        "4 tests failed: 'tests/test_a.py::test_pipe[a|b]', '@octocat.py::test_x' and 2 more",
    ),
    cases=(
        case(
            "tests/test_a.py::test_pipe[a|b]",
            attempt(
                "", "failed", message="\x1b[31mAssertionError: `x`\x1b[0m\nmore", text="E   assert\n```\n</details>"
            ),
            attempt("", "failed", message="AssertionError: `x`", text="E   assert\n```\n</details>", fresh=1),
        ),
        case("@octocat.py::test_x", attempt("", "error", phase="setup", message="fixture '#1' not found")),
        case("tests/test_a.py::test_dies", attempt("", "crashed", message="worker 'gw0' crashed"), shard=2),
        *REPORT.cases,
    ),
)


@pytest.mark.parametrize("name", ["summary.md", "comment.md"])
def test_a_page_is_that_of_the_golden_file(name: str) -> None:
    """After a wanted change: XDIST_CI_UPDATE_GOLDEN=1 pytest tests/report/test_markdown.py"""
    facts = {"run_url": URL, "attempt": 2, "sha": SHA}
    page = (
        summary(RICH, context=RunFacts(**facts), cost_lines=COST_LINES)
        if name == "summary.md"
        else comment_bodies(RICH, key="py3.12", cost_lines=COST_LINES, **facts)[0]
    )
    if os.environ.get("XDIST_CI_UPDATE_GOLDEN") == "1":
        (GOLDEN / name).write_text(page, encoding="utf-8")
    assert page == (GOLDEN / name).read_text(encoding="utf-8")


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


def test_the_bodies_of_a_green_comment_end_with_two_lines() -> None:
    bodies = comment_bodies(green(), key="tests", run_url=URL, attempt=2, sha=SHA)
    assert bodies[-1] == "<!-- xdist-ci:v1 key=tests -->\n### ✅ 1 test passed, each exactly once\n"
    assert bodies[0].split("\n")[3].endswith("(planned 1.0 s) · attempt 2 · `4d6e3b0`")
    assert bodies[0].endswith(f"[run]({URL}) · [artifacts]({URL}#artifacts)\n")


FAILED = attempt("a.py::t", "failed", message="assert 1 == 2\nmore")
B = bundle(PLAN, 2, [attempt("b.py::t")])


@pytest.mark.parametrize(
    ("bundles", "headline"),
    [
        ([bundle(PLAN, 1, [attempt("a.py::t")]), B], "✅ 2 tests passed, each exactly once"),
        (
            [bundle(PLAN, 1, [attempt("a.py::t", "skipped")]), bundle(PLAN, 2, [attempt("b.py::t", "xfailed")])],
            "✅ 2 tests, none failed, each exactly once",
        ),
        (
            [bundle(PLAN, 1, [FAILED]), bundle(PLAN, 1, [attempt("a.py::t")], run_attempt=2), B],
            "⚠️ 2 tests passed, 1 of them only when run again",
        ),
        ([bundle(PLAN, 1, [FAILED, attempt("a.py::u", "error")]), B], "❌ 2 tests failed"),
        ([bundle(PLAN, 1, [FAILED], seen("a.py::t", "a.py::u")), B], "❌ 1 test failed · 1 not run"),
        ([bundle(PLAN, 1, [FAILED])], "❌ 1 test failed · 1 shard missing · 1 not run"),
        (
            [bundle(PLAN, 1, [attempt("a.py::t")], sealed=False, running=("a.py::u",)), B],
            "❌ 1 shard killed",
        ),
        ([bundle(plan_of_files(["a.py"], ["c.py"]), 1, [FAILED]), B], "❌ 1 shard of another plan · 1 not run"),
        (
            [bundle(PLAN, 1, [attempt("a.py::t")], status=1), B],
            "❌ shard 1: pytest exited 1 though no test failed: a plugin's threshold, say coverage's",
        ),
    ],
)
def test_the_verdict_comes_first(bundles: list[object], headline: str) -> None:
    report = merge(bundles, PLAN)  # type: ignore[arg-type]
    assert summary(report).split("\n")[0] == f"### {headline}"
    assert {body.split("\n")[1] for body in comment_bodies(report, key="tests")} == {f"### {headline}"}


def test_a_verdict_that_only_a_reason_tells_is_inert_too() -> None:
    report = replace(green(), conclusion=Conclusion.FAILED, reasons=("see @octocat in #1",))
    assert summary(report).split("\n")[0] == "### ❌ see `@octocat` in `#1`"


def test_a_guess_in_the_planned_time_is_counted() -> None:
    shards = tuple(replace(shard, state=ShardState.OK) for shard in REPORT.shards)
    line = summary(replace(REPORT, shards=shards)).split("\n")[2]
    assert line == (
        "2 tests · 1 passed · 1 error · 1 not run · 3 shards · slowest shard 4.8 s (planned 5.0 s, 1 test guessed)"
    )


def test_reasons_are_listed_unless_the_failed_tests_say_it_all() -> None:
    failed = merge([bundle(PLAN, 1, [FAILED]), B], PLAN)
    assert "- " not in summary(failed).split("#### Failed (1)")[0]
    bad = attempt("b.py::t", "failed", message="x")
    threshold = merge([bundle(PLAN, 1, [attempt("a.py::t")], status=1), bundle(PLAN, 2, [bad])], PLAN)
    assert "\n\n- 1 test failed: `b.py::t`\n- shard 1: pytest exited 1" in summary(threshold)


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
    gone = re.findall(r"\n\*Left out for length: (\d+) tracebacks, 1 table of shards\. All .*\*\n", text)
    assert len(gone) == 1 and text.count("<details>") == 100 - int(gone[0])
    assert rendered(text).elements.count("pre") == 100 - int(gone[0]) + 1  # and the commands


def test_bodies_shrink_from_what_fits_to_the_verdict() -> None:
    bodies = comment_bodies(HUGE, key="tests", run_url=URL, cost_lines=COST_LINES)
    sizes = [len(body) for body in bodies]
    assert 30_000 < sizes[0] <= MAX_COMMENT_CHARS
    assert all(later <= 0.75 * earlier for earlier, later in pairwise(sizes))
    assert {body.split("\n")[0] for body in bodies} == {marker("tests")}
    assert bodies[-1].count("\n") == 2
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
    said = replace(REPORT, conclusion=draw(st.sampled_from(Conclusion)), reasons=(text(), text()), notes=(text(),))
    if draw(st.booleans()):  # nothing but a reason explains the verdict
        return replace(said, shards=(), cases=(), not_run=(), lost=(), duplicated=())
    return replace(
        said,
        shards=tuple(replace(shard, reason=text()) for shard in REPORT.shards),
        cases=(case(text(), bad), case(text(), bad, again)),
        not_run=(NotRun(name=text(), shard=1, why=text()),),
        lost=(text(),),
        duplicated=(text(),),
    )


ELEMENTS = {
    *("h3", "h4", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "details", "summary"),
    *("span", "em"),
}


@given(report=hostile_reports(), cost_line=hostile)
def test_no_text_of_a_job_does_anything(report: Report, cost_line: str) -> None:
    for text in (summary(report, cost_lines=[cost_line]), *comment_bodies(report, key="k", cost_lines=[cost_line])):
        page = rendered(text)
        assert set(page.elements) <= ELEMENTS
        assert page.comments in ([], [" xdist-ci:v1 key=k "])
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


@given(nodeid=hostile_nodeids)
def test_a_path_inside_leads_nowhere_else(nodeid: str) -> None:
    if is_inside(nodeid):
        assert os.path.normpath(f"/r/{nodeid}") == f"/r/{nodeid}"
