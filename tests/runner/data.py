"""Where other people's data is. It isn't part of the project: a bare clone reads the same from npm packages."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]


def data(name: str) -> Path | None:
    """Return the file or directory `name` of XDIST_CI_DATA, or None when it isn't there."""
    path = Path(os.environ.get("XDIST_CI_DATA") or ROOT.parent / "shared" / "data") / name
    return path if path.exists() else None
