"""Every example on the pages for people who want their suite to run in parallel works as it is printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples_of import run_examples

PAGES = sorted((Path(__file__).parents[1] / "docs" / "parallel").glob("[a-z]*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_work(page: Path, tmp_path: Path) -> None:
    assert run_examples(page, tmp_path, {"CI_TOOLS_HOST_DIR": str(tmp_path / "host")}) > 0
