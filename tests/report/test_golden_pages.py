"""Summary and comment, word for word. After a wanted change: XDIST_CI_UPDATE_GOLDEN=1 pytest tests/report"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from bundles import attempt
from rendered import TRIGGERS, rendered
from report.runs import RUNS, case
from samples import REPORT

from ci_tools.report.markdown import RunFacts, comment_bodies, summary

GOLDEN = Path(__file__).parents[1] / "golden/markdown"
URL = "https://github.com/org/repo/actions/runs/7/attempts/2"
SHA = "4d6e3b0f" * 5
COST_LINES = ("6 minutes on ubuntu-latest, $0.036 of $0.04 paid for tests",)

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


PAGES = {"everything": RICH, **RUNS}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_that_of_the_golden_file(name: str) -> None:
    facts = {"run_url": URL, "attempt": 2, "sha": SHA}
    written = {
        "summary": summary(PAGES[name], context=RunFacts(**facts), cost_lines=COST_LINES),
        "comment": comment_bodies(PAGES[name], key="py3.12", cost_lines=COST_LINES, **facts)[0],
    }
    for kind, page in written.items():
        golden = GOLDEN / name / f"{kind}.md"
        if os.environ.get("XDIST_CI_UPDATE_GOLDEN") == "1":
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(page, encoding="utf-8")
        assert page == golden.read_text(encoding="utf-8")


def test_every_golden_page_has_its_run() -> None:
    assert sorted(path.name for path in GOLDEN.iterdir()) == sorted(PAGES)


@pytest.mark.parametrize("path", sorted(GOLDEN.rglob("*.md")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_golden_page_does_anything_but_link_to_its_run(path: Path) -> None:
    text = path.read_text(encoding="utf-8").rstrip().rpartition("\n")[0]  # the last line is our links
    page = rendered(text)
    assert {"a", "img", "script"} & set(page.elements) == set()
    assert [piece for piece in page.prose if TRIGGERS.search(piece)] == []
