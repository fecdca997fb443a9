"""What is different from the base run, in words."""

from __future__ import annotations

import pytest
from report.runs import BASE, CHANGES, UNCHANGED

from ci_tools.model.verdict import BaseRun, Changes, Slower
from ci_tools.report.changes import change_line, change_lists, change_words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (UNCHANGED, "no difference"),
        (CHANGES, "+3 tests, −1, 2 newly failing, 1 fixed, 1 newly skipped, 1 slower"),
        (Changes(base=BASE, new=("a",)), "+1 test"),
        (Changes(base=BASE, removed=("a", "b")), "−2 tests"),
        (Changes(base=BASE, fixed=tuple(map(str, range(1_200)))), "1,200 fixed"),
    ],
)
def test_changes_in_words(changes: Changes, words: str) -> None:
    assert change_words(changes) == words


@pytest.mark.parametrize(
    ("branch", "sha", "against"),
    [
        ("main", "9f3c1ab00", "`main` at `9f3c1ab`"),
        ("", "9f3c1ab00", "`9f3c1ab`"),
        ("main", "", "`main`"),
        ("", "", "the run before"),
    ],
)
def test_what_they_are_against_is_named_as_far_as_it_is_known(branch: str, sha: str, against: str) -> None:
    base = BaseRun(branch=branch, sha=sha, run_id=7, at_s=0.0, tests=1)
    assert change_line(Changes(base=base)) == f"What changed against {against}: no difference"


def test_a_list_names_the_first_and_counts_the_others() -> None:
    changes = Changes(
        base=BASE, fixed=("a.py::t", "a.py::u", "b.py::t"), slower=(Slower(nodeid="a.py::s", before_s=0.5, now_s=61.0),)
    )
    assert change_lists(changes, 2) == (
        "<details><summary>3 fixed tests</summary>\n\n- `a.py::t`\n- `a.py::u`\n\nand 1 more, in `report.json`\n\n"
        "</details>\n\n"
        "<details><summary>1 slower test</summary>\n\n- `a.py::s` 0.5 s → 1m 01s\n\n</details>"
    )
    assert (change_lists(changes, 0), change_lists(UNCHANGED, 2)) == ("", "")
