"""npm packages that the tests read or run, fetched once below .cache/npm."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "npm"
TIMEOUT_S = 600


def installed() -> Path:
    """Return a directory whose node_modules hold what package.json names. Raises AssertionError with npm's words.

    There is no lock file: it would name a registry. The versions in package.json are exact.
    """
    home, manifest = CACHE / "tools", (HERE / "package.json").read_text(encoding="utf-8")
    complete = home / ".complete"
    with _lock("tools"):
        # The marker is the last thing written: without it, or for another manifest, all is made anew.
        if not complete.is_file() or complete.read_text(encoding="utf-8") != manifest:
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(parents=True)
            (home / "package.json").write_text(manifest, encoding="utf-8")
            _npm(home, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
            complete.write_text(manifest, encoding="utf-8")
    return home


def packed(package: str, version: str) -> Path:
    """Return the archive of a package, fetched once."""
    archive = CACHE / f"{package.lstrip('@').replace('/', '-')}-{version}.tgz"
    with _lock(archive.stem):
        if not archive.is_file():
            _npm(CACHE, "pack", f"{package}@{version}")
    return archive


def json_in(package: str, version: str, member: str) -> Any:
    """Return one JSON file of a package, without unpacking the rest of it."""
    archive = packed(package, version)
    with tarfile.open(archive) as tar:
        file = tar.extractfile(f"package/{member}")
        assert file is not None, f"{archive.name} has no {member}"
        return json.load(file)


def _npm(directory: Path, *words: str) -> None:
    done = subprocess.run(
        ["npm", "--silent", *words], cwd=directory, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, f"npm {' '.join(words)}\n{done.stdout}{done.stderr}"


@contextmanager
def _lock(name: str) -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
