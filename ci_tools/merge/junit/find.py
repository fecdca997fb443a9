"""JUnit files on disk, and the checkout's files that their tests may be in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ci_tools.merge.junit.identity import NodeIds
from ci_tools.merge.junit.reader import JUnitFile, read_junit
from ci_tools.model.errors import CiToolsError
from ci_tools.model.words import some

MAX_CHECKOUT_FILES = 1_000_000
_NO_TESTS = frozenset(("node_modules", "__pycache__", "site-packages"))


def find_junit(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the named files, and all `*.xml` in and below the named directories: sorted, each once.

    Raises CiToolsError when a path doesn't exist, or there is no file.
    """
    found: dict[str, Path] = {}
    for path in paths:
        if not os.path.lexists(path):
            raise CiToolsError(f"no such file or directory: {path}", hint="name JUnit files, or directories of them")
        for file in sorted(_xml_below(path)) if path.is_dir() else [path]:
            found.setdefault(os.path.realpath(file), file)
    if not found:
        raise CiToolsError(
            f"no .xml file in {some([str(path) for path in paths])}",
            hint="`pytest --junit-xml FILE` writes one",
        )
    return tuple(sorted(found.values()))


def _xml_below(top: Path) -> Iterator[Path]:
    for directory, _, names in os.walk(top):
        yield from (Path(directory, name) for name in names if name.lower().endswith(".xml"))


def read_all(
    paths: Iterable[Path], ids: NodeIds, *, seen: Callable[[int], object] = lambda n: None
) -> tuple[JUnitFile, ...]:
    """Return what each file holds; `seen` is called after each with the number of files read so far."""
    files = []
    for number, path in enumerate(paths, 1):
        files.append(read_junit(path, ids))
        seen(number)
    return tuple(files)


def checkout_files(rootdir: Path) -> tuple[str, ...]:
    """Return the paths of all files below, relative and with `/`; hidden directories and installed packages aside."""
    found: list[str] = []
    for directory, below, names in os.walk(rootdir):
        below[:] = [name for name in below if not name.startswith(".") and name not in _NO_TESTS]
        relative = os.path.relpath(directory, rootdir).replace(os.sep, "/")
        prefix = "" if relative == "." else f"{relative}/"
        found += [f"{prefix}{name}" for name in names]
        if len(found) > MAX_CHECKOUT_FILES:
            break
    return tuple(found[:MAX_CHECKOUT_FILES])
