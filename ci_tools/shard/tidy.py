"""What a bundle must not hold when it is sealed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def remove_empty(directory: Path) -> None:
    """Remove files in which a worker that was killed wrote nothing, and the directory with the last one."""
    with contextlib.suppress(OSError):
        for path in directory.iterdir():
            if path.is_file() and not path.is_symlink() and not path.stat().st_size:
                path.unlink()
        directory.rmdir()


def remove_links(directory: Path) -> None:
    """Remove symbolic links: no bundle holds one, and who uploads it would read what they point to."""
    for path, directories, files in os.walk(directory):
        for name in (*directories, *files):
            with contextlib.suppress(OSError):
                if os.path.islink(os.path.join(path, name)):
                    os.unlink(os.path.join(path, name))
