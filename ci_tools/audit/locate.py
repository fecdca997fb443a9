"""Which files there are, and which of them an import means."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from ci_tools.plan.discover import matches
from ci_tools.plan.pytest_config import PytestConfig


def files_below(directory: str, config: PytestConfig) -> Iterator[str]:
    """Iterate over the Python files below a directory, sorted; norecursedirs and virtual environments left out.

    Links to directories are not followed: what they lead to is elsewhere, or read already.
    """
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if not _is_left_out(entry.path, config):
                yield from files_below(entry.path, config)
        elif entry.name.endswith(".py") and entry.is_file():
            yield entry.path


def _is_left_out(path: str, config: PytestConfig) -> bool:
    return (
        os.path.basename(path) in ("__pycache__", "site-packages")
        or matches(path, config.norecursedirs)
        or os.path.isfile(os.path.join(path, "pyvenv.cfg"))
    )


class Locator:
    """Finds the file that an import means, as pytest's `sys.path` would: below rootdir alone."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.bases = dict.fromkeys([root, os.path.join(root, "src"), os.path.join(root, "lib")])
        self._tops: dict[tuple[str, str], bool] = {}
        self._base_of: dict[str, str] = {}

    def name_of(self, file: str) -> str:
        """Return how a file is imported: from the first directory above it that is no package."""
        directory, name = os.path.split(file)
        base = self._base(directory)
        self.bases.setdefault(base)
        dotted = os.path.relpath(os.path.join(directory, name[:-3]), base).replace(os.sep, ".")
        return dotted.removesuffix(".__init__") if dotted != "__init__" else os.path.basename(directory)

    def _base(self, directory: str) -> str:
        base = self._base_of.get(directory)
        if base is None:
            is_package = directory != self.root and os.path.isfile(os.path.join(directory, "__init__.py"))
            base = self._base(os.path.dirname(directory)) if is_package else directory
            self._base_of[directory] = base
        return base

    def files_of(self, target: str, directory: str) -> Iterator[str]:
        """Iterate over the files that importing `target` (a module, or a name in one) runs last."""
        top = target.partition(".")[0]
        if not top or top in sys.stdlib_module_names:
            return
        for base in dict.fromkeys([directory, *self.bases]):
            if self._has(base, top):
                yield from _files(base, target.split("."))

    def _has(self, base: str, top: str) -> bool:
        known = self._tops.get((base, top))
        if known is None:
            path = os.path.join(base, top)
            known = self._tops[base, top] = os.path.isfile(f"{path}.py") or os.path.isdir(path)
        return known


def _files(base: str, parts: list[str]) -> Iterator[str]:
    for count in (len(parts), len(parts) - 1):
        path = os.path.join(base, *parts[:count])
        for file in (f"{path}.py", os.path.join(path, "__init__.py")):
            if count and os.path.isfile(file):
                yield file
