"""`marks.json`: written once by whoever collects, read as anything from a job is."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from project import Project

from ci_tools.formats import marks_json
from ci_tools.model.errors import FormatError
from ci_tools.model.trial import Conditions, Steering
from ci_tools.trial.run import Trial, run_trial


def test_each_mark_has_its_tests_and_pytests_own_are_left_out(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(
        test_a="""
        import pytest
        pytestmark = pytest.mark.whole
        @pytest.mark.slow
        @pytest.mark.slow
        @pytest.mark.parametrize("x", [1, 2])
        def test_x(x): pass
        @pytest.mark.skip
        @pytest.mark.xdist_group("g")
        def test_y(): pass
        """
    )
    project.write_path("pytest.ini", "[pytest]\nmarkers =\n    slow\n    whole")
    monkeypatch.chdir(project.root)
    command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider")
    asked = Trial(
        command=command,
        out=project.root / "out",
        conditions=Conditions(workers="2", dist="loadgroup"),
        steering=Steering(as_is=True),
    )
    path = run_trial(asked, os.environ, say=print).bundle / "marks.json"
    assert marks_json.loads(path.read_text(), source=path.name) == {
        "slow": ("test_a.py::test_x[1]", "test_a.py::test_x[2]"),
        "whole": ("test_a.py::test_x[1]", "test_a.py::test_x[2]", "test_a.py::test_y"),
    }


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
