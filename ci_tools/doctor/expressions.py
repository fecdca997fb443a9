"""`${{ … }}`: what an expression refers to, and what it comes to where the file says it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ci_tools.doctor.matrix import Leg

# Bounded, or a megabyte of `${{` would take a day.
EXPRESSION = re.compile(r"\$\{\{(.{0,1000}?)\}\}", re.DOTALL)
_REFERENCE = re.compile(r"\bmatrix\s?(?:\.\s?([\w-]+)|\[\s?'([^']{1,100})'\s?\])")
_PATH = re.compile(r"\s*(matrix|strategy|env)((?:\.[\w-]+)+)\s*")


def as_word(text: str) -> str:
    """Return a text whose expressions have lost their blanks and quotes, and so are one word of a shell each."""
    return EXPRESSION.sub(_as_word, text)


def _as_word(match: re.Match[str]) -> str:
    inner = re.sub(r"[^\w.\-\[\]*]", "~", "".join(match.group(1).split()))
    return "${{" + inner + "}}" + "\n" * match.group(0).count("\n")


def references(text: str) -> frozenset[str]:
    """Return the matrix's axes that an expression names."""
    return frozenset(one or two for one, two in _REFERENCE.findall(text))


def resolve(text: str, leg: Leg, *, n_legs: int, index: int = 0, env: Mapping[str, str] | None = None) -> str | None:
    """Return a text with its expressions replaced as in this leg; None when the file doesn't say."""
    unknown = False

    def value_of(match: re.Match[str]) -> str:
        nonlocal unknown
        value = _value(match.group(1), leg, n_legs=n_legs, index=index, env=env or {})
        unknown |= value is None
        return value or ""

    resolved = EXPRESSION.sub(value_of, text)
    return None if unknown else resolved


def _value(expression: str, leg: Leg, *, n_legs: int, index: int, env: Mapping[str, str]) -> str | None:
    match = _PATH.fullmatch(expression)
    if match is None:
        return None
    context, names = match.group(1), match.group(2)[1:].split(".")
    if context == "strategy":
        return {"job-total": str(n_legs), "job-index": str(index)}.get(names[0])
    if context == "env":
        value = env.get(names[0])
        return None if value is None or "${{" in value else value
    if names[0] not in leg:
        return ""  # as GitHub has it
    node = leg[names[0]]
    for name in names[1:]:
        node = node.get(name)
    return node.text if node.is_scalar and "${{" not in node.text else None
