"""`marks.json`: which tests of a trial have which marks. Written by the pytest plugin beside its facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ci_tools.formats._document import Fields, check_header, parse
from ci_tools.formats._document import dumps as _dumps

FORMAT = "xdist-ci/marks"
VERSION = 1


def dumps(marks: Mapping[str, Sequence[str]]) -> str:
    """Return node ids by mark as text."""
    tests = {mark: list(nodeids) for mark, nodeids in marks.items()}
    return _dumps({"format": FORMAT, "version": VERSION, "marks": tests})


def loads(text: str, *, source: str) -> dict[str, tuple[str, ...]]:
    """Return node ids by mark; FormatError when it is anything else, or cut off."""
    fields = Fields(
        check_header(parse(text, source=source), format=FORMAT, version=VERSION, source=source), source=source
    )
    marks = fields.object("marks")
    return {mark: marks.texts(mark) for mark in fields.get("marks")}
