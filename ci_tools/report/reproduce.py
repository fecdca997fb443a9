"""Commands to paste: the failed tests, and the shards they ran in."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from ci_tools.model.nodeid import file_of
from ci_tools.model.report import CaseResult, Report, ShardResult
from ci_tools.report.inert import visible

_SHARDS = 5
_MAX_CHARS = 300


def commands(report: Report, bad: Sequence[CaseResult], limit: int) -> tuple[str, int]:
    """Return shell commands, one a line, that repeat up to `limit` failed tests and their shards.

    And how many of those tests had to be left out since their ids can't be pasted safely.
    """
    named = [case.nodeid for case in bad[:limit]]
    safe = [nodeid for nodeid in named if is_pasteable(nodeid)]
    lines = [" \\\n  ".join(["python -m pytest", *map(shlex.quote, safe)])] if safe else []
    shards = [shard for shard in report.shards if shard.bad or not shard.state.is_proof][:_SHARDS]
    lines += [_shard_command(shard, len(report.shards)) for shard in shards]
    return "\n".join(lines), len(named) - len(safe)


def _shard_command(shard: ShardResult, n_shards: int) -> str:
    return f"ci-tools run --shard {shard.index}/{n_shards} --plan plan.json"


def is_pasteable(nodeid: str) -> bool:
    """Whether a shell gives the id, quoted, to pytest as a test of this project and as nothing else.

    Not so an option (`-p …`), a file of arguments (`@…`), a path that leads elsewhere, and what a
    terminal would show differently from what it runs.
    """
    return visible(nodeid, _MAX_CHARS) == nodeid and "```" not in nodeid and is_inside(file_of(nodeid))


def is_inside(path: str) -> bool:
    """Whether it is a plain relative path: not absolute, no way up, no URL, no option, nothing that can't be seen."""
    if not path or visible(path, _MAX_CHARS) != path or re.search(r"[\\:]|^[-@~/]", path):
        return False
    return not {"", ".", ".."} & set(path.split("/"))
