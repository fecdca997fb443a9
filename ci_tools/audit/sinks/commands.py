"""Commands that are started: their words, as far as they are written out."""

from __future__ import annotations

import shlex

from ci_tools.audit.steps import Call, Kind, Value

_STARTERS = frozenset(
    {
        "os.popen",
        "os.system",
        "subprocess.Popen",
        "subprocess.call",
        "subprocess.check_call",
        "subprocess.check_output",
        "subprocess.getoutput",
        "subprocess.run",
    }
)


def words_of(call: Call) -> tuple[str, ...]:
    """Return the words of the command that a call starts, … for unknown ones; none if it starts nothing known."""
    if call.name not in _STARTERS:
        return ()
    command = call.argument(0, "args")
    if command.kind is Kind.ITEMS:
        return tuple(_word(value) for value in command.items)
    if command.kind not in (Kind.CONST, Kind.PATH) or not isinstance(command.data, str):
        return ()
    try:
        return tuple(shlex.split(command.data))
    except ValueError:  # an open quotation mark
        return ()


def _word(value: Value) -> str:
    is_text = value.kind in (Kind.CONST, Kind.PATH) and isinstance(value.data, str)
    return value.data if is_text else "…"
