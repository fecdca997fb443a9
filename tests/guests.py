"""Virtual environments of the users of our tests, made once below .cache/guests."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

CACHE = Path(__file__).parents[1] / ".cache" / "guests"


def python_with(name: str, *packages: str, base: str = sys.executable) -> Path:
    """Return an interpreter with just these packages. Raises CalledProcessError when they can't be had.

    Several workers may ask for the same one: the first makes it, the others wait.
    """
    venv = CACHE / f"{Path(base).name}-{name}"
    ready, python = venv / ".ready", venv / "bin" / "python"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{venv.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists() or ready.read_text() != repr(packages):
            subprocess.run([base, "-m", "venv", "--clear", "--without-pip", venv], check=True)
            pip = [sys.executable, "-m", "pip", "--python", python]  # ours: installing pip takes longer than the rest
            subprocess.run([*pip, "install", "-q", *packages], check=True)
            ready.write_text(repr(packages))
    return python
