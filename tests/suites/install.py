"""Environments and sources of the suites, made once below .cache/suites and then re-used."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from suites.catalog import Suite

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "suites"
INSTALL_TIMEOUT_S = 900


class InstallError(Exception):
    """pip or venv could not do it; the text is what they said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A complete suite: `bin` goes on PATH, `source` is to be copied, never run in."""

    bin: Path
    source: Path
    subdirectory: str

    def copy_to(self, directory: Path) -> Path:
        """Return `directory`, holding a copy of the suite's files."""
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(self.source, directory / self.subdirectory, ignore=ignore)
        return directory


def install(suite: Suite) -> Installed:
    """Return the suite, installed now or earlier. Raises InstallError."""
    home = CACHE / suite.key
    complete, wanted = home / "complete.json", json.dumps(asdict(suite), indent=1)
    CACHE.mkdir(parents=True, exist_ok=True)
    with _lock(CACHE / f"{suite.key}.lock"):
        # The marker is the last thing written: without it, or for other pins, all is made anew.
        if not complete.is_file() or complete.read_text(encoding="utf-8") != wanted:
            shutil.rmtree(home, ignore_errors=True)
            _make(suite, home)
            complete.write_text(wanted, encoding="utf-8")
    return _installed(suite, home)


def _make(suite: Suite, home: Path) -> None:
    python = home / "venv" / "bin" / "python"
    _call(sys.executable, "-m", "venv", "--without-pip", str(home / "venv"))
    _pip("--python", str(python), "install", *suite.pins)
    if not suite.tests_in:
        # Its dependencies and its build backend may be wheels; only the project must be its source.
        _pip("download", "--no-deps", "--no-binary", suite.name, "--dest", str(home), suite.pins[0])
        (archive,) = home.glob("*.tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(home / "source", filter="data")


def _installed(suite: Suite, home: Path) -> Installed:
    if suite.tests_in:
        (source,) = (home / "venv").glob(f"lib/python*/site-packages/{suite.tests_in}")
    else:
        (source,) = (home / "source").iterdir()
    return Installed(bin=home / "venv" / "bin", source=source, subdirectory=suite.tests_in or ".")


def _pip(*arguments: str) -> None:
    _call(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments)


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False)
    if done.returncode:
        raise InstallError(f"{' '.join(command)}\n{done.stderr}")


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
