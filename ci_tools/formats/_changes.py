"""The part of `report.json` that says what is different from the base run."""

from __future__ import annotations

from typing import Any

from ci_tools.formats._document import Fields
from ci_tools.model.verdict import BaseRun, Changes, Slower

_LISTS = ("newly_failing", "fixed", "new", "removed", "newly_skipped")


def changes_document(changes: Changes) -> dict[str, Any]:
    """Return the changes as a JSON object."""
    base = changes.base
    return {
        "base": {
            "branch": base.branch,
            "sha": base.sha,
            "run_id": base.run_id,
            "at_s": base.at_s,
            "tests": base.tests,
        },
        **{name: list(getattr(changes, name)) for name in _LISTS},
        "slower": [{"id": s.nodeid, "before_s": s.before_s, "now_s": s.now_s} for s in changes.slower],
    }


def changes_of(fields: Fields) -> Changes:
    """Return the changes; FormatError when they are none."""
    base = fields.object("base")
    return Changes(
        base=BaseRun(
            branch=base.text("branch"),
            sha=base.text("sha"),
            run_id=base.integer("run_id"),
            at_s=base.seconds("at_s"),
            tests=base.integer("tests"),
        ),
        newly_failing=fields.texts("newly_failing"),
        fixed=fields.texts("fixed"),
        new=fields.texts("new"),
        removed=fields.texts("removed"),
        newly_skipped=fields.texts("newly_skipped"),
        slower=tuple(
            Slower(nodeid=item.text("id"), before_s=item.seconds("before_s"), now_s=item.seconds("now_s"))
            for item in fields.objects("slower")
        ),
    )
