"""`.test_durations`: seconds per test, in pytest-split's format, which we share.

`{nodeid: seconds}`; seconds are setup + call + teardown. Older pytest-split wrote a list of
`[nodeid, seconds]` pairs, still read. The format has no header: it isn't ours to version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from ci_tools.formats._document import is_seconds, shown
from ci_tools.model.errors import FormatError


def dumps(durations_s: Mapping[str, float]) -> str:
    """Return the text as pytest-split writes it, seconds rounded to whole milliseconds."""
    rounded = {nodeid: round(seconds, 3) for nodeid, seconds in durations_s.items()}
    return json.dumps(rounded, sort_keys=True, indent=4, allow_nan=False) + "\n"


def loads(text: str, *, source: str) -> dict[str, float]:
    """Return seconds by node id; FormatError unless every value is finite and ≥ 0.

    Of a node id that a list names twice, the last value holds, as in pytest-split.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else f"not JSON: {error}"
        raise FormatError(f"{source}: {what}", hint=_HINT) from None
    durations = _pairs(document, source) if isinstance(document, list) else document
    if not isinstance(durations, dict):
        raise FormatError(f"{source}: found {shown(document)}, wanted an object of node ids and seconds", hint=_HINT)
    _check_values(durations, source)
    return cast("dict[str, float]", durations)


_HINT = "wanted pytest-split's format; leave --durations out to plan by the number of tests"


def _pairs(document: list[object], source: str) -> dict[str, object]:
    durations: dict[str, object] = {}
    for index, pair in enumerate(document):
        if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
            raise FormatError(f"{source}: entry {index} is {shown(pair)}, wanted [node id, seconds]", hint=_HINT)
        durations[pair[0]] = pair[1]
    return durations


def _check_values(durations: Mapping[str, object], source: str) -> None:
    bad = [nodeid for nodeid, seconds in durations.items() if not is_seconds(seconds)]
    if bad:
        raise FormatError(
            f"{source}: {len(bad):,} of {len(durations):,} values are not finite seconds ≥ 0, "
            f"first: {shown(bad[0])} is {shown(durations[bad[0]])}",
            hint="remove these entries, or record the file anew",
        )
