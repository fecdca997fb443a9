"""What a path is called in evidence, and which paths are nobody else's business."""

from __future__ import annotations

import os
import re
import sys
from os.path import isabs, join, normpath, realpath  # by name: tests replace them

# Made by tools that expect several processes, or read again by nobody.
_TOOLS = re.compile(r"/(?:__pycache__|\.hypothesis|\.pytest_cache|\.git|\.mypy_cache|\.ruff_cache)(?:/|$)|/\.coverage")
_OF_PYTEST = re.compile("/pytest-of-[^/]*/")  # whose end removes those of earlier runs
_SOURCES = (".py", ".pyc", ".pyi")
_SYSTEM = ("/dev", "/proc", "/sys")
MAX_CHARS = 1_000


class Names:
    """The names of paths, for one process. `private` are directories of this run or process alone."""

    def __init__(self, rootdir: str, private: list[str]) -> None:
        self._roots = tuple(sorted({f"{rootdir}/", f"{realpath(rootdir)}/"}))
        prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, *private, *_SYSTEM}
        prefixes |= {realpath(prefix) for prefix in prefixes}
        # A virtual environment may lie within rootdir, rootdir never within one that counts.
        self.private = tuple(f"{prefix}/" for prefix in prefixes if not f"{rootdir}/".startswith(f"{prefix}/"))
        self._made: set[str] = set()
        self._real: dict[str, str] = {}

    def add_private(self, path: str) -> None:
        """Have a file or directory be of this process alone: its name was chosen at random."""
        self._made.add(path)

    def name(self, path: str, *, is_read: bool) -> str:
        """Return what an absolute path is called, "" for one that doesn't count.

        Source files that are only read are imports.
        """
        path = normpath(path)
        if f"{path}/".startswith(self.private) or (is_read and path.endswith(_SOURCES)):
            return ""
        if _TOOLS.search(path) or self._is_made(path):
            return ""
        directory, _, last = path.rpartition("/")
        path = join(self._real_of(directory or "/"), last)
        for root in self._roots:
            if f"{path}/".startswith(root):
                return path[len(root) :][:MAX_CHARS] or "."
        return "" if _OF_PYTEST.search(f"{path}/") else path[:MAX_CHARS]

    def _is_made(self, path: str) -> bool:
        while len(path) > 1 and self._made:
            if path in self._made:
                return True
            path = path.rpartition("/")[0]
        return False

    def _real_of(self, directory: str) -> str:
        if len(self._real) > 10_000:
            self._real.clear()
        real = self._real.get(directory)
        if real is None:
            real = self._real[directory] = realpath(directory)
        return real


def absolute(path: object, directory_handle: object = -1) -> str:
    """Return a path as an absolute one, "" for what is none; relative ones are of the descriptor, or of now."""
    if isinstance(path, int):
        return _path_of(path)
    if not isinstance(path, str):
        path = os.fsdecode(path)  # type: ignore[arg-type]  # bytes or PathLike; else TypeError
    if not path or isabs(path):
        return path
    if isinstance(directory_handle, int) and directory_handle >= 0:
        base = _path_of(directory_handle)
        return join(base, path) if base else ""
    return join(os.getcwd(), path)


def _path_of(handle: int) -> str:
    try:
        path = os.readlink(f"/proc/self/fd/{handle}")
    except OSError:
        return ""
    return path if path.startswith("/") else ""
