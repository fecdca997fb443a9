"""What real suites have taught: none of these matters to another test."""

import pytest
import shop


@pytest.fixture(autouse=True)
def plain():
    """The same for each test."""
    shop.mode = "plain"
