"""GitHub's own fingerprint of a line, by which code scanning knows an alert again when lines move.

A polynomial of the next 100 characters, blanks not counted, modulo 2⁶⁴, and which of the lines with that value it is.
`github/codeql-action/upload-sarif` computes the same and warns of a file that says otherwise.

Source: https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import re
from collections import Counter

_CHARS = 100
_FACTOR = 37
_MODULUS = 1 << 64
_END = 0xFFFF  # behind the last character


def line_fingerprints(text: str) -> list[str]:
    """Return each line's fingerprint: `c129715d7a2bc9a3:1`. `text` is the file's, its line ends as they are."""
    units = [*_units(text), _END]
    starts = [0, *(place + 1 for place, unit in enumerate(units) if unit == 10)]
    units += [0] * _CHARS
    seen: Counter[int] = Counter()
    found = []
    for start in starts:
        value = 0
        for unit in units[start : start + _CHARS]:
            value = value * _FACTOR + unit
        value %= _MODULUS
        seen[value] += 1
        found.append(f"{value:x}:{seen[value]}")
    return found


def _units(text: str) -> list[int]:
    """Return UTF-16's units of the text, without spaces and tabs, with every line end as one `\\n`."""
    bare = re.sub(r"[ \t]", "", re.sub(r"\r\n?", "\n", text))
    data = bare.encode("utf-16-le", "surrogatepass")
    return [low | high << 8 for low, high in zip(data[::2], data[1::2])]
