"""The guest half of ci_tools, put where the user's interpreter finds it and nothing else.

`PYTHONPATH` must not show it our own virtual environment, so only the modules that need the
standard library alone are copied.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import ci_tools

GUEST = ("model", "formats", "store", "plugin")


def stage(directory: Path) -> Path:
    """Copy the guest modules below `directory`; return what goes on PYTHONPATH."""
    source = Path(ci_tools.__file__).parent
    target = directory / "ci_tools"
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source / "__init__.py", target / "__init__.py")
    for name in GUEST:
        shutil.copytree(source / name, target / name, dirs_exist_ok=True)
    return directory
