"""`marks.json`: written once by whoever collects, read as anything from a job is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_tools.formats import marks_json
from ci_tools.model.errors import FormatError


@given(st.dictionaries(st.text(), st.lists(st.text()).map(tuple)))
def test_what_is_written_is_read(marks: dict[str, tuple[str, ...]]) -> None:
    assert marks_json.loads(marks_json.dumps(marks), source="marks.json") == marks


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": "xdist-ci/marks", "version": 2, "marks": {}}', "[" * 100_000]
    + [
        f'{{"format": "xdist-ci/marks", "version": 1, "marks": {marks}}}'
        for marks in ("[]", '{"a": "b"}', '{"a": [1]}')
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match=r"^marks\.json: "):
        marks_json.loads(text, source="marks.json")
