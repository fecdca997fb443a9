"""Python files, read once: their trees, their lines, what their names mean."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Module:
    """One file. `path` is relative to rootdir, with `/`; `name` is how others import it, dotted.

    `names` are what its imports bind: {"np": "numpy", "Path": "pathlib.Path"}.
    """

    path: str
    name: str
    text: str
    tree: ast.Module
    lines: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    is_test_file: bool = False
