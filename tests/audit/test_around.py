"""What stands around a step."""

from __future__ import annotations

import ast

from ci_tools.audit.context.around import ancestors

SOURCE = """
class TestIt:
    @mark(a, b=[1, {2: c}])
    @mark
    def test(self): x = 1; y = [f(z) for z in x if z]

    async def other(self, a=1):
        try:
            with a as b, c: pass
        except E as e:
            return lambda: e
        else:
            match a:
                case [1, _] if b: a; b
                case _: pass
        finally:
            c += f"{d!r:>{e}}"
"""


def test_the_ancestors_of_a_node_are_those_that_lead_to_it() -> None:
    tree = ast.parse(SOURCE)
    todo: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(tree, ())]
    for node, above in todo:  # grows on the way
        todo += [(child, (*above, node)) for child in ast.iter_child_nodes(node)]
    placed = [(node, above) for node, above in todo if hasattr(node, "lineno")]
    assert len(placed) > 60
    assert [ancestors(tree, node) for node, _ in placed] == [above for _, above in placed]


def test_a_node_of_another_tree_has_none() -> None:
    assert ancestors(ast.parse(SOURCE), ast.parse("\n\n\nx").body[0]) == ()
