"""Node ids taken apart: `tests/test_a.py::Class::test_b[param]`.

A parameter can hold anything, `::` and `/` too, so the name ends at the first
`[` after the file. A path may hold `[` but, in practice, never `::`.
"""

from __future__ import annotations

from collections.abc import Iterator


def file_of(nodeid: str) -> str:
    """Return the file part; the whole id when it has no `::`."""
    return nodeid.partition("::")[0]


def function_of(nodeid: str) -> str:
    """Return the id without its parameters: `a.py::T::test[x::y]` → `a.py::T::test`."""
    file, separator, name = nodeid.partition("::")
    return file + separator + name.partition("[")[0]


def scopes_of(nodeid: str) -> Iterator[str]:
    """Yield what encloses a test, innermost first: its function, its classes, its file."""
    file, separator, name = nodeid.partition("::")
    names = name.partition("[")[0].split("::") if separator else []
    for length in range(len(names), 0, -1):
        yield "::".join([file, *names[:length]])
    yield file
