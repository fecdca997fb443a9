"""GitHub's fingerprints; the expected ones are those of github/codeql-action's own program."""

from __future__ import annotations

import pytest

from ci_tools.audit.outputs.fingerprint import line_fingerprints

TEST = ["3a84008d223cd83a:1", "a885b7753a0ec7e6:1", "4d22b220987c3e1d:1", "5504b75e513941fd:1"]
TEST += ["5a1d08f7c2482940:1", "d9ebd24fce30bc54:1", "c129715d7a2bc9a3:1"]
ASTRAL = ["be088db3cbea48d:1", "85e7e951372ffe99:1", "626492b6facf39b3:1", "f85c2d2aa834d48e:1", "ed3261245082261c:1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["c129715d7a2bc9a3:1"]),
        ("def test():\r\n    pass\r\n" * 3, TEST),
        ("def test():\n\tpass\n" * 3, TEST),
        ("def test():\r  pass \r" * 3, TEST),
        ("é😀\n\n\ufeffx\r \ny", ASTRAL),
    ],
)
def test_each_line_has_githubs_fingerprint(text: str, expected: list[str]) -> None:
    assert line_fingerprints(text) == expected


def test_equal_lines_are_counted() -> None:
    found = line_fingerprints("assert store.load('a long enough name') == expected\n" * 5)
    assert [line.partition(":")[2] for line in found] == ["1", "2", "3", "1", "1", "1"]
