"""A matrix as GitHub expands it, and expressions in its legs."""

from __future__ import annotations

import pytest

from ci_tools.doctor.expressions import references, resolve
from ci_tools.doctor.matrix import Matrix, matrix_of
from ci_tools.doctor.nodes import parse


def matrix(text: str) -> Matrix:
    return matrix_of(parse(text)[0])


def legs(text: str) -> list[dict[str, str]]:
    return [{name: node.text for name, node in leg.items()} for leg in matrix(text).legs or ()]


def test_include_as_in_github_s_documentation() -> None:
    text = """
        fruit: [apple, pear]
        animal: [cat, dog]
        include:
          - color: green
          - {color: pink, animal: cat}
          - {fruit: apple, shape: circle}
          - {fruit: banana}
          - {fruit: banana, animal: cat}
    """
    assert legs(text) == [
        {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
        {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
        {"fruit": "pear", "animal": "cat", "color": "pink"},
        {"fruit": "pear", "animal": "dog", "color": "green"},
        {"fruit": "banana"},
        {"fruit": "banana", "animal": "cat"},
    ]


def test_exclude_takes_away_whatever_has_all_its_values() -> None:
    assert legs("{a: [1, 2], b: [x, y], exclude: [{a: 2}, {a: 1, b: y}, {a: 3}]}") == [{"a": "1", "b": "x"}]


def test_include_alone_makes_the_legs() -> None:
    assert legs("include: [{a: 1}, {a: 2, b: 3}]") == [{"a": "1"}, {"a": "2", "b": "3"}]
    assert matrix("include: [{a: 1}, {a: 2, b: 3}]").axes == ("a", "b")


@pytest.mark.parametrize(
    "text",
    [
        "${{ fromJSON(needs.plan.outputs.matrix) }}",
        "shard: ${{ fromJSON(needs.plan.outputs.shards) }}",
        "{shard: [1], include: '${{ fromJSON(inputs.more) }}'}",
        "{shard: [1], exclude: ['${{ fromJSON(inputs.less) }}']}",
    ],
)
def test_legs_made_at_run_time_are_not_known(text: str) -> None:
    assert matrix(text).legs is None and matrix(text).may_have_legs


def test_no_matrix_has_no_legs() -> None:
    assert not matrix("{}") and not matrix("{}").may_have_legs and not matrix("python: ['3.13']").may_have_legs


def test_a_huge_product_is_not_expanded() -> None:
    assert matrix("\n".join(f"a{i}: [{','.join('x' * 99)}]" for i in range(40))).legs is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${{ matrix.n }} of ${{matrix.of}}", "2 of 3"),
        ("${{ matrix.nested.value }}", "deep"),
        ("${{ matrix.unknown }}", ""),
        ("${{ strategy.job-total }}/${{ strategy.job-index }}", "6/5"),
        ("${{ env.SPLITS }}", "4"),
        ("${{ env.UNKNOWN }}", None),
        ("${{ env.COMPUTED }}", None),
        ("${{ matrix.n + 1 }}", None),
        ("${{ github.run_id }}", None),
        ("literal", "literal"),
    ],
)
def test_an_expression_in_a_leg(text: str, value: str | None) -> None:
    (leg,) = matrix("include: [{n: 2, of: 3, nested: {value: deep}}]").legs or ()
    assert resolve(text, leg, n_legs=6, index=5, env={"SPLITS": "4", "COMPUTED": "${{ github.run_id }}"}) == value


def test_the_axes_that_an_expression_names() -> None:
    assert references("${{ matrix.a }}-${{ format('{0}', matrix['b-c']) }} matrix.d.e") == {"a", "b-c", "d"}
