"""CIT004: `tempfile.mkdtemp()` and `with tempfile.TemporaryDirectory() as d` → `tmp_path`."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from ci_tools.audit.fixes.cleanup import cleanups, has_comment
from ci_tools.audit.fixes.source import Change, Edit, Function, Import, Source, names_in, nodes_in

_MAKES = ("tempfile.mkdtemp", "tempfile.TemporaryDirectory")
_PARAMETER = "tmp_path"
_UNIMPORTANT = ("ignore_cleanup_errors", "delete")
_KEEPS_SIGNATURE = (
    "freezegun.",
    "mock.",
    "moto.",
    "pytest.",
    "respx.",
    "responses.",
    "time_machine.",
    "unittest.mock.",
    "freeze_time",
    "patch",
)
_LOOKS = frozenset(
    {"exists", "glob", "is_dir", "is_file", "isdir", "isfile", "iterdir", "listdir", "rglob", "FileNotFoundError"}
)
_REPEATS = (cst.For, cst.While, cst.CompFor, cst.Lambda)


def changes(source: Source, calls: Sequence[cst.Call]) -> Sequence[Change | str]:
    """Return a change or a refusal for each call."""
    return [_change(source, call) for call in calls]


def _change(source: Source, call: cst.Call) -> Change | str:
    function = source.function_of(call)
    if function is None:
        return "it is no test function's"
    reason = _reason_of_call(source, call, function) or _reason_of_function(source, function)
    if reason:
        return reason
    outcome = (
        _in_with(source, call, function) if source.meaning(call.func) == _MAKES[1] else _bare(source, call, function)
    )
    if isinstance(outcome, str):
        return outcome
    edits = {**outcome, function.params: _with_parameter}
    return Change(edits=edits, drops=tuple(Import(module=m) for m in ("tempfile", "shutil")) + _NAMES)


_NAMES = tuple(
    Import(module=module, name=name)
    for module, name in (("tempfile", "mkdtemp"), ("tempfile", "TemporaryDirectory"), ("shutil", "rmtree"))
)


def _reason_of_call(source: Source, call: cst.Call, function: Function) -> str:
    arguments = [arg.keyword.value if arg.keyword is not None else "" for arg in call.args]
    others = [node for node in nodes_in(function) if isinstance(node, cst.Call) and source.meaning(node.func) in _MAKES]
    above = list(source.above(call))
    repeated = any(isinstance(node, _REPEATS) for node in above[: above.index(function)])
    if source.meaning(call.func) not in _MAKES:
        return "it isn't clear what is called"
    if any(name not in _UNIMPORTANT for name in arguments):
        return "it is made with arguments, which may matter"
    if len(others) > 1:
        return "the test makes several directories"
    return "it is made more than once" if repeated else ""


def _reason_of_function(source: Source, function: Function) -> str:
    above = list(source.above(function))
    parameters = function.params
    owner = next((node for node in above if isinstance(node, cst.ClassDef)), None)
    name = function.name.value
    decorators = [source.meaning(_called(d.decorator)) for d in function.decorators]
    if not name.startswith("test") or any(isinstance(node, Function) for node in above):
        return "it is no test function's"
    if owner is not None and owner.bases:
        return "the class may be a `unittest.TestCase`, which gets no fixtures"
    if any(isinstance(node, cst.Name) and node.value == _PARAMETER for node in nodes_in(function)):
        return "`tmp_path` is used already"
    if not all(decorator.startswith(_KEEPS_SIGNATURE) for decorator in decorators):
        return "a decorator may not pass fixtures on"
    if isinstance(parameters.star_arg, cst.Param) or parameters.star_kwarg or parameters.posonly_params:
        return "its parameters are unusual"
    if "sock" in source.code(function).lower():
        return "the path of a socket has to be short"
    return "the test is called by others" if _is_called(source, name) else ""


def _called(decorator: cst.BaseExpression) -> cst.BaseExpression:
    return decorator.func if isinstance(decorator, cst.Call) else decorator


def _is_called(source: Source, name: str) -> bool:
    attributes = [n for n in nodes_in(source.module) if isinstance(n, cst.Attribute) and n.attr.value == name]
    calls = [n for n in nodes_in(source.module) if isinstance(n, cst.Call) and getattr(n.func, "value", "") == name]
    return bool(attributes or calls)


def _with_parameter(node: cst.CSTNode) -> cst.Parameters:
    """Add `tmp_path` behind the last parameter without a default."""
    assert isinstance(node, cst.Parameters)
    params = list(node.params)
    at = next((index for index, param in enumerate(params) if param.default is not None), len(params))
    is_last = at == len(params)
    before = params[at - 1].comma if at else cst.MaybeSentinel.DEFAULT
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")) if not is_last else before
    if is_last and at and isinstance(before, cst.MaybeSentinel):
        comma = cst.MaybeSentinel.DEFAULT
    if is_last and at and isinstance(before, cst.Comma):
        params[at - 1] = params[at - 1].with_changes(comma=_between(params, before))
    params.insert(at, cst.Param(name=cst.Name(_PARAMETER), comma=comma))
    return node.with_changes(params=params)


def _between(params: Sequence[cst.Param], last: cst.Comma) -> cst.Comma:
    """Return the comma between two parameters, as the others of the function are set."""
    known = params[0].comma if len(params) > 1 else None
    return known if isinstance(known, cst.Comma) else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _bare(source: Source, call: cst.Call, function: Function) -> dict[cst.CSTNode, Edit] | str:
    """`d = tempfile.mkdtemp()`: a text, as ever; `Path(tempfile.mkdtemp())` is the path itself."""
    path_call = source.parents[source.parents[call]] if isinstance(source.parents[call], cst.Arg) else None
    is_path = (
        isinstance(path_call, cst.Call)
        and source.meaning(path_call.func) == "pathlib.Path"
        and len(path_call.args) == 1
    )
    top = path_call if is_path and path_call is not None else call
    new = cst.parse_expression(_PARAMETER if is_path else f"str({_PARAMETER})")
    statement = source.parents[top]
    target = statement.targets[0].target if isinstance(statement, cst.Assign) and len(statement.targets) == 1 else None
    edits: dict[cst.CSTNode, Edit] = {top: lambda node: new}
    if isinstance(target, cst.Name):
        edits |= cleanups(source, function, target.value)
    return edits


def _in_with(source: Source, call: cst.Call, function: Function) -> dict[cst.CSTNode, Edit] | str:
    """The block goes; its body stays, one level further out."""
    item = source.parents[call]
    block = source.parents[item]
    if not isinstance(item, cst.WithItem) or not isinstance(block, cst.With) or block.asynchronous is not None:
        return "it isn't made by a `with`"
    name = item.asname.name if item.asname is not None else None
    if not isinstance(name, cst.Name):
        return "its name isn't taken"
    if not isinstance(block.body, cst.IndentedBlock):
        return "the block is on one line"
    if has_comment(*block.body.footer):
        return "a comment at the end of the block has no place then"
    if len(names_in(function, name.value)) != len(names_in(block, name.value)) or _looks(function) != _looks(block):
        return "the directory is looked at after its end"
    assigned = cst.parse_statement(f"{name.value} = str({_PARAMETER})")
    return {block: lambda node: _unwrapped(node, block, item, assigned)}


def _looks(node: cst.CSTNode) -> int:
    """Return how often something may ask what is on disk: whether a file of the directory is gone with it, say."""
    return sum(isinstance(inner, cst.Name) and inner.value in _LOOKS for inner in nodes_in(node))


def _unwrapped(
    node: cst.CSTNode, block: cst.With, item: cst.WithItem, assigned: cst.BaseStatement
) -> cst.FlattenSentinel[cst.BaseStatement]:
    assert isinstance(node, cst.With)
    assert isinstance(node.body, cst.IndentedBlock)
    assert isinstance(assigned, cst.SimpleStatementLine)
    first = assigned.with_changes(leading_lines=node.leading_lines)
    others = [new for new, old in zip(node.items, block.items) if old is not item]
    if others:
        others[-1] = others[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        rest = node.with_changes(items=others, leading_lines=())
        return cst.FlattenSentinel([first, rest])
    first = first.with_changes(trailing_whitespace=node.body.header)
    return cst.FlattenSentinel([first, *node.body.body])
