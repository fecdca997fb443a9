"""`report.html`: a merged run as one page that needs nothing else, no network and no other file.

The verdict and what people must act on are plain HTML; a script adds search, the timeline and
every test. All text of a job is escaped here by Jinja, and there by `textContent`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from ci_tools.formats.report_json import counts
from ci_tools.model.bundle import DEFAULT_KEY
from ci_tools.model.report import Report
from ci_tools.model.spending import Spending
from ci_tools.report.changes import change_words
from ci_tools.report.columns import LINE_CHARS, MAX_TESTS, OUTCOMES, data_json
from ci_tools.report.inert import plain, visible
from ci_tools.report.lanes import lanes
from ci_tools.report.markdown import RunFacts, is_url
from ci_tools.report.pages import as_is, asset, filled, policy_hash
from ci_tools.report.parts import change_lists, failure_groups, flip_cards, missing_lists, other_lists
from ci_tools.report.reproduce import commands
from ci_tools.report.spending import HEADER, spending_tables
from ci_tools.report.times import lane_rows, plan_line, shard_rows, slowest_files, slowest_tests, time_line
from ci_tools.report.verdict import headline, numbers_line, reasons_to_tell

_PACKAGE = "ci_tools.report"
_LISTED = 50
_SPENT = 15  # rows of each table of what tests spent
_SCRIPTS = ("data.js", "view.js", "table.js", "detail.js", "timeline.js", "main.js")
_FACE = {"✅": "passed", "❌": "failed", "⚠️": "flaky"}


def html_page(
    report: Report,
    *,
    facts: RunFacts,
    cost_lines: Sequence[str] = (),
    spending: Spending | None = None,
    max_tests: int = MAX_TESTS,
) -> str:
    """Return the page; `cost_lines` are plain text.

    Of more than `max_tests` it holds only those that didn't simply pass, and the slowest: a tenth as many.
    """
    rows = lanes(report.cases)
    style, script = asset(_PACKAGE, "report.css") + asset(_PACKAGE, "tests.css"), _script()
    return filled(
        _PACKAGE,
        "report.html.j2",
        **_head(report, facts),
        **_body(report),
        lanes=lane_rows(rows),
        time_line=time_line(rows),
        cost_lines=cost_lines,
        spent=spending_tables(spending, _SPENT) if spending else [],
        spent_header=HEADER,
        outcomes=OUTCOMES,
        max_tests=max_tests if len(report.cases) > max_tests else 0,
        style=style,
        script=script,
        data=as_is(data_json(report, rows, max_tests)),
        style_hash=policy_hash(style),
        script_hash=policy_hash(script),
    )


def _head(report: Report, facts: RunFacts) -> dict[str, Any]:
    numbers = counts(report)
    face, _, words = headline(report, numbers).partition(" ")
    if report.reasons:  # the one thing in a headline that may be Markdown
        words = words.replace(plain(report.reasons[0], 160), visible(report.reasons[0], 160))
    return {
        "face": _FACE.get(face, "failed"),
        "headline": words.replace("`", "").partition(" · ")[::2],
        "numbers_line": numbers_line(report, numbers),
        "numbers": numbers,
        "conclusion": report.conclusion.value,
        "policy": report.fail_on,
        "is_excused": report.is_excused,
        "reasons": [visible(reason, 1000) for reason in reasons_to_tell(report)],
        "key": visible(facts.key, 100) if facts.key not in ("", DEFAULT_KEY) else "",
        "attempt": facts.attempt,
        "commit": facts.sha if re.fullmatch(r"[0-9a-f]{7,64}", facts.sha) else "",
        "run_url": facts.run_url if is_url(facts.run_url) else "",
        "digest": report.plan_digest,
    }


def _body(report: Report) -> dict[str, Any]:
    lines, n_unsafe = commands(report, report.bad, _LISTED)
    return {
        "groups": failure_groups(report, _LISTED),
        "n_bad": len(report.bad),
        "flips": flip_cards(report, _LISTED),
        "n_flips": len(report.flips),
        "missing": missing_lists(report),
        "changes": report.changes,
        "change_words": change_words(report.changes) if report.changes else "",
        "base_branch": visible(report.changes.base.branch, LINE_CHARS) if report.changes else "",
        "change_lists": change_lists(report.changes) if report.changes else [],
        "shards": shard_rows(report),
        "plan_line": plan_line(report.certificate) if report.certificate else "",
        "slowest_tests": slowest_tests(report),
        "slowest_files": slowest_files(report),
        "commands": lines,
        "n_unsafe": n_unsafe,
        "notes": [visible(note, 1000) for note in report.notes],
        "others": other_lists(report),
    }


@cache
def _script() -> Any:
    return as_is('(() => {\n"use strict";\n' + "\n".join(asset(_PACKAGE, name) for name in _SCRIPTS) + "})();\n")
