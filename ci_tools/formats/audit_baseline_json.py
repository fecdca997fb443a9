"""`audit-baseline.json`: the findings that a project has and knows, so that `ci-tools audit` fails of new ones only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from ci_tools.formats._document import Fields, check_header, parse
from ci_tools.formats._document import dumps as _dumps

FORMAT = "xdist-ci/audit-baseline"
# 1: the first.
VERSION = 1
MAX_BYTES = 20_000_000


class Known(NamedTuple):
    """What a finding is known by when lines move: rule, file, the function it stands in, the statement."""

    path: str
    rule: str
    symbol: str
    statement: str


def dumps(known: Mapping[Known, int]) -> str:
    """Return the text: entries sorted, each with how many such findings there are."""
    entries = [{**entry._asdict(), "count": number} for entry, number in sorted(known.items())]
    return _dumps({"format": FORMAT, "version": VERSION, "findings": entries})


def loads(text: str, *, source: str) -> Counter[Known]:
    """Return how many findings of each kind are known; FormatError when it is anything else, or cut off."""
    document = check_header(parse(text, source=source), format=FORMAT, version=VERSION, source=source)
    known: Counter[Known] = Counter()
    for entry in Fields(document, source=source).objects("findings"):
        key = Known(entry.text("path"), entry.text("rule"), entry.text("symbol"), entry.text("statement"))
        known[key] += entry.integer("count", least=1)
    return known
