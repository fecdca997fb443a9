"""What is different from the base run, in words."""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.model.verdict import BaseRun, Changes
from ci_tools.model.words import count, duration
from ci_tools.report.inert import code

SHA_CHARS = 7
NAMELESS = "the run before"  # on a laptop: of no branch and no commit


def change_words(changes: Changes) -> str:
    """Return `+4 tests, −2, 1 fixed, 2 slower`, and `no difference` when there is none."""
    return ", ".join(_words(changes)) or "no difference"


def _words(changes: Changes) -> Iterator[str]:
    if changes.new:
        yield f"+{count(len(changes.new), 'test')}"
    if changes.removed:
        yield f"−{len(changes.removed):,}" if changes.new else f"−{count(len(changes.removed), 'test')}"
    for tests, what in (
        (changes.newly_failing, "newly failing"),
        (changes.fixed, "fixed"),
        (changes.newly_skipped, "newly skipped"),
        (changes.slower, "slower"),
    ):
        if tests:
            yield f"{len(tests):,} {what}"


def change_rows(changes: Changes) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield a title for each kind of change, and (node id, what else to say) of its tests.

    Not for newly failing tests: they are listed as failures.
    """
    for title, nodeids in (
        ("fixed", changes.fixed),
        ("new", changes.new),
        ("removed", changes.removed),
        ("newly skipped", changes.newly_skipped),
    ):
        yield title, [(nodeid, "") for nodeid in nodeids]
    yield (
        "slower",
        [(test.nodeid, f"{duration(test.before_s)} → {duration(test.now_s)}") for test in changes.slower],
    )


def change_line(changes: Changes) -> str:
    """Return a line of Markdown: what changed, and against what."""
    return f"What changed against {_base(changes.base)}: {change_words(changes)}"


def _base(base: BaseRun) -> str:
    return " at ".join(filter(None, [code(base.branch), code(base.sha[:SHA_CHARS])])) or NAMELESS


def change_lists(changes: Changes, limit: int) -> str:
    """Return the changed tests in Markdown, folded away, up to `limit` of each kind; "" for none."""
    blocks = [_folded(title, rows, limit) for title, rows in change_rows(changes) if rows]
    return "\n\n".join(blocks) if limit else ""


def _folded(title: str, rows: list[tuple[str, str]], limit: int) -> str:
    lines = [" ".join(filter(None, [f"- {code(nodeid)}", more])) for nodeid, more in rows[:limit]]
    if len(rows) > limit:
        lines.append(f"\nand {len(rows) - limit:,} more, in `report.json`")
    body = "\n".join(lines)
    return f"<details><summary>{count(len(rows), f'{title} test')}</summary>\n\n{body}\n\n</details>"
