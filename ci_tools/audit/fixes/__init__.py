"""How findings are fixed: one module per rule that has a fix, each says what to change, or why it doesn't."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import libcst as cst

from ci_tools.audit.fixes import hand_made_temp_dir, unordered_parametrize, utcnow
from ci_tools.audit.fixes.source import Change, Source

# All of a file's findings of one rule that are to be fixed → for each a change, or why there is none.
Fixer = Callable[[Source, Sequence[cst.Call]], Sequence[Change | str]]
FIXERS: Mapping[str, Fixer] = {
    "CIT004": hand_made_temp_dir.changes,
    "CIT101": unordered_parametrize.changes,
    "CIT502": utcnow.changes,
}
