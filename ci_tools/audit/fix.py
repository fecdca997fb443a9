"""Findings that have one right fix, fixed: the rest of a file stays as it is, to the letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor, RemoveImportsVisitor

from ci_tools.audit.finding import Finding
from ci_tools.audit.fixes import FIXERS
from ci_tools.audit.fixes.source import Change, Edit, Source, appended, dotted, is_parsed_safely, parse

FIXABLE = tuple(sorted(FIXERS))
GONE = "the file has changed since it was read"
UNPARSED = "libcst doesn't understand the file"
BOM = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A finding that was left alone, and why: lower case, no full stop."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """A file's new text (the old one if nothing was applied), what was fixed in it, and what wasn't."""

    text: str
    applied: tuple[Finding, ...] = ()
    refused: tuple[Refused, ...] = ()


def fix(text: str, findings: Sequence[Finding]) -> Fixed:
    """Return a file with its findings fixed, as far as that is sure; those of rules without a fix are passed over.

    `findings` are those of this one file. Comments and formatting stay. Ignored findings are left alone. The same text
    and findings give the same result, and a fixed text has none of the findings that were applied.
    """
    wanted = [f for f in findings if f.rule in FIXERS and not f.is_ignored]
    if not wanted:
        return Fixed(text=text)
    bare = text.removeprefix(BOM)
    try:
        fixed = _fixed(bare, wanted) if is_parsed_safely(bare) else None
    except (cst.ParserSyntaxError, RecursionError):
        fixed = None
    if fixed is None:
        return Fixed(text=text, refused=tuple(Refused(finding=f, reason=UNPARSED) for f in wanted))
    return replace(fixed, text=fixed.text if bare is text else BOM + fixed.text)


def _fixed(text: str, wanted: Sequence[Finding]) -> Fixed:
    source = parse(text)
    outcomes = [(finding, outcome) for rule in FIXABLE for finding, outcome in _outcomes(source, rule, wanted)]
    applied = [(finding, change) for finding, change in outcomes if isinstance(change, Change)]
    return Fixed(
        text=_changed(source, [change for _, change in applied]) if applied else text,
        applied=tuple(finding for finding, _ in applied),
        refused=tuple(Refused(finding=f, reason=reason) for f, reason in outcomes if isinstance(reason, str)),
    )


def _outcomes(source: Source, rule: str, findings: Sequence[Finding]) -> list[tuple[Finding, Change | str]]:
    """Return what becomes of each finding of a rule, in order of the findings."""
    placed = [(finding, source.call_at(finding.span)) for finding in findings if finding.rule == rule]
    calls = {id(call): call for _, call in placed if call is not None}
    by_call = dict(zip(calls, FIXERS[rule](source, tuple(calls.values()))))
    return [(finding, GONE if call is None else by_call[id(call)]) for finding, call in placed]


def _changed(source: Source, changes: Sequence[Change]) -> str:
    edits = {node: edit for change in changes for node, edit in change.edits.items()}
    context = CodemodContext()
    for needed in dict.fromkeys(needed for change in changes for needed in change.needs):
        known = next((i for i in source.froms if i.module is not None and dotted(i.module) == needed.module), None)
        if known is None:
            AddImportsVisitor.add_needed_import(context, needed.module, needed.name)
        elif needed.name not in source.imports:
            edits[known] = partial(_with_name, name=needed.name)
    module = source.module.visit(_Editor(edits))
    for change in changes:
        for dropped in change.drops:
            RemoveImportsVisitor.remove_unused_import(context, dropped.module, dropped.name or None)
    return RemoveImportsVisitor(context).transform_module(AddImportsVisitor(context).transform_module(module)).code


def _with_name(node: cst.CSTNode, name: str) -> cst.CSTNode:
    assert isinstance(node, cst.ImportFrom)
    assert not isinstance(node.names, cst.ImportStar)
    return node.with_changes(names=appended(node.names, name))


class _Editor(cst.CSTTransformer):
    """Replaces nodes; what is inside of them has been replaced before."""

    def __init__(self, edits: dict[cst.CSTNode, Edit]) -> None:
        super().__init__()
        self.edits = edits

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> object:  # type: ignore[override] # wider
        edit = self.edits.get(original_node)
        return updated_node if edit is None else edit(updated_node)
