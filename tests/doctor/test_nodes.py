"""YAML as GitHub reads it, with lines, and within limits."""

from __future__ import annotations

import pytest
import yaml

from ci_tools.doctor import nodes
from ci_tools.doctor.nodes import MAX_DEPTH, MISSING, YamlError, parse


@pytest.fixture(params=["SafeLoader", "CSafeLoader"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML's own parser, and libyaml's where PyYAML was built with it."""
    monkeypatch.setattr(nodes, "_LOADER", getattr(yaml, request.param))


def test_every_key_and_value_knows_its_line() -> None:
    (root,) = parse("# first\non: push\njobs:\n  test:\n    needs: [a,\n      b]\n")
    job = root.get("jobs", "test")
    assert [root.line_of("on"), root.line_of("jobs"), job.line, job.line_of("needs")] == [2, 3, 5, 5]
    assert [(node.text, node.line) for node in job.get("needs").elements] == [("a", 5), ("b", 6)]


def test_all_scalars_are_text() -> None:
    (root,) = parse("on: yes\noff: 0o17\n~: null\ndate: 2024-01-01\n")
    assert {key: value.text for key, value in root.items()} == {
        "on": "yes",
        "off": "0o17",
        "~": "null",
        "date": "2024-01-01",
    }


def test_the_text_of_a_block_begins_in_the_next_line() -> None:
    (root,) = parse("run: |\n  a\n  b\nfolded: >-\n  c\nplain: d\n")
    assert [(key, node.line, node.is_block) for key, node in root.items()] == [
        ("run", 1, True),
        ("folded", 4, True),
        ("plain", 6, False),
    ]


def test_what_is_not_there_is_missing_however_deep() -> None:
    (root,) = parse("a: 1")
    assert root.get("x", "y", "z") is MISSING and not MISSING and MISSING.texts() == () and root.line_of("x") == 1


def test_an_alias_is_the_node_it_names() -> None:
    (root,) = parse("a: &x [1]\nb: *x\n")
    assert root.get("b") is root.get("a")


def test_one_value_is_a_list_of_one() -> None:
    (root,) = parse("needs: build\nalso: [a, {b: c}, d]\nempty:\n")
    assert [root.get(key).texts() for key in ("needs", "also", "empty")] == [("build",), ("a", "d"), ()]


def test_an_alias_bomb_is_read_once() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 40))
    (root,) = parse(bomb)
    assert [node.text for node in root.get("a39").scalars()] == ["x", "x"]


@pytest.mark.parametrize(
    ("text", "fact", "line"),
    [
        ("a: 1\nb: ]\n", "", 2),
        ("a: 1\na: 2", "the key 'a' is there twice, first in line 1", 2),
        ("a: *x", "", 1),
        ("&a [*a]", "alias *a of nothing that is finished above", 1),
        ("[" * 9999, f"nested more than {MAX_DEPTH} levels deep", 1),
        ("x: " + "- " * 200, "", 1),
        ("a: \x00", "", 1),
    ],
)
def test_what_is_refused(text: str, fact: str, line: int) -> None:
    with pytest.raises(YamlError) as caught:
        parse(text)
    assert caught.value.line == line
    assert caught.value.fact == fact or (not fact and caught.value.fact)


def test_too_many_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "MAX_NODES", 10)
    with pytest.raises(YamlError, match="more than 10 values"):
        parse("- a\n" * 11)
