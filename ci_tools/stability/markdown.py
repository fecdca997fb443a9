"""A study as Markdown: `report.md`, for a job's summary or an issue. Names and messages are hostile: see `inert`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_tools.report.inert import block, code, fence, plain
from ci_tools.report.ladder import Section, pages
from ci_tools.stability.heat import LEGEND, ORDERS, Column, heat
from ci_tools.stability.judge import BadTest, Report, Verdict
from ci_tools.stability.record import Study
from ci_tools.stability.tell import (
    bisect_command,
    broken_words,
    difference_words,
    facts,
    headline,
    kind_words,
    rate_words,
    replay_command,
    run_words,
    test_lines,
)

MAX_BYTES = (
    1_000_000  # of a job's summary: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
)
ROWS = 100
PICTURE_COLUMNS = 120
LINE_CHARS = 1_000

_FACES = {Verdict.STABLE: "✅", Verdict.FAILING: "❌", Verdict.UNSTABLE: "❌", Verdict.UNJUDGED: "⚠️"}


def as_markdown(report: Report) -> str:
    """Return the study as a page of at most MAX_BYTES of UTF-8. The sentences of `tell` without names need no care."""
    head = "\n".join([f"## {_FACES[report.verdict]} {headline(report)}", "", *_facts(report)])
    return next(page for page in pages(head, list(_sections(report))) if len(page.encode()) <= MAX_BYTES)


def _facts(report: Report) -> Iterator[str]:
    yield from (f"- {fact}" for fact in facts(report))


def _sections(report: Report) -> Iterator[Section]:
    if report.bad:
        rows = [_row(test) for test in report.bad[:ROWS]]
        table = "\n".join(["| test | class | runs of the design |", "| --- | --- | --- |", *rows])
        more = f"\n\nand {len(report.bad) - ROWS:,} more, in `report.json`" if len(report.bad) > ROWS else ""
        yield Section(name="table of bad tests", worth=9, text=f"### Bad tests\n\n{table}{more}")
    for test in report.bad[:ROWS]:
        yield Section(name="bad test", worth=5, text=_details(report.study, test))
    if report.bad:
        yield Section(name="picture", worth=4, text=_picture(report))
    lists = (
        ("Not the same tests", [difference_words(one) for one in report.differences]),
        ("Not counted", [broken_words(run) for run in report.broken]),
    )
    for title, lines in lists:
        if lines:
            items = "\n".join(f"- {plain(line, LINE_CHARS)}" for line in lines[:ROWS])
            yield Section(name="list", worth=8, text=f"### {title}\n\n{items}")
    yield Section(name="list of runs", worth=1, text=_runs(report))


def _row(test: BadTest) -> str:
    return f"| {code(test.nodeid)} | {kind_words(test)} | {rate_words(test)} |"


def _details(study: Study, test: BadTest) -> str:
    lines = [f"### {code(test.nodeid)}", "", f"{kind_words(test)}: {rate_words(test)}", ""]
    lines += [f"- {line}" for line in test_lines(test)]
    commands = "\n".join(filter(None, [replay_command(study, test.replay), bisect_command(study, test)]))
    message = f"{fence(test.message, 300)}\n" if test.message else ""
    return "\n".join([*lines, "", f"{message}Replay of run {test.replay}:", "", fence(commands, 8_000, "sh")]).rstrip()


def _picture(report: Report) -> str:
    """Return tests × runs as text, the number of the run above each column."""
    picture = heat(report)
    n = min(len(picture.columns), PICTURE_COLUMNS)
    tests = [f"{''.join(cell.letter for cell in row.cells[:n])}  {row.nodeid}" for row in picture.rows[:ROWS]]
    heads = [_digits(picture.columns[:n], place) for place in (100, 10, 1)]
    levels = "".join(f"{level:{width}}"[:width] for level, width in picture.levels)[:n]
    arrows = "".join(column.arrow for column in picture.columns[:n])
    lines = [*[head for head in heads if head.strip()], f"{levels}  -n", arrows, *tests]
    legend = ", ".join(f"{letter} {word}" for letter, word in (*LEGEND, *ORDERS))
    return f"### Tests × runs\n\n{fence(block(chr(10).join(lines), 60_000), 60_000)}\n{legend}"


def _digits(columns: Sequence[Column], place: int) -> str:
    numbers = [column.number for column in columns]
    return "".join(str(number // place % 10) if number >= place else " " for number in numbers)


def _runs(report: Report) -> str:
    rows = [" | ".join(["", *run_words(run), ""]).strip() for run in report.study.design[:ROWS]]
    table = "\n".join(["| run | conditions | |", "| --- | --- | --- |", *rows])
    return f"<details><summary>Runs of the design</summary>\n\n{table}\n\n</details>"
