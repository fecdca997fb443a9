"""What the tests of a trial touched: the evidence that its processes wrote."""

from __future__ import annotations

from pathlib import Path

from ci_tools.formats import evidence_jsonl
from ci_tools.model.errors import CiToolsError
from ci_tools.model.evidence import Evidence
from ci_tools.store.files import read_text

MAX_PROCESSES = 1_000  # of one run


def read_evidence(bundle: Path) -> tuple[Evidence, ...]:
    """Return what the processes of a run wrote, by worker; what can't be read at all is left out."""
    found: list[Evidence] = []
    for path in sorted((bundle / "workers").glob("*.evidence.jsonl"))[:MAX_PROCESSES]:
        if path.is_symlink() or not path.is_file():
            continue
        try:
            found.append(evidence_jsonl.loads(read_text(path), source=str(path)))
        except CiToolsError:
            continue
    return tuple(found)
