"""Artifacts and caches as files below one directory, shared by the stand-ins and the tests.

artifacts/<run id>/<artifact id>.json, .zip      as GitHub keeps them: a zip and its digest
caches/<number>/entry.json, 0/, 1/, …            one directory for each line of `path`; a higher number is newer
failures/<artifact name>                         how many downloads of it are still to fail
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Artifact:
    """`digest` is the SHA-256 of the zip in hex, as upload-artifact saw it."""

    id: int
    name: str
    run_id: str
    head_sha: str
    digest: str


@dataclass(frozen=True)
class Cache:
    """`version` stands for the `path` input: another one never matches."""

    number: int
    key: str
    version: str
    ref: str


def artifacts(store: Path, run_id: str) -> list[Artifact]:
    """Return a run's artifacts, oldest first."""
    found = (store / "artifacts" / run_id).glob("*.json")
    return sorted((Artifact(**json.loads(path.read_text())) for path in found), key=lambda a: a.id)


def archive(store: Path, artifact: Artifact) -> Path:
    """Return where the artifact's zip is."""
    return store / "artifacts" / artifact.run_id / f"{artifact.id}.zip"


def add_artifact(
    store: Path, *, run_id: str, name: str, head_sha: str, files: Iterable[tuple[str, bytes]], overwrite: bool = False
) -> Artifact:
    """Keep an artifact under a new id. Raises FileExistsError when the run has one of that name."""
    with locked(store):
        for old in artifacts(store, run_id):
            if old.name == name and not overwrite:
                raise FileExistsError(name)
            if old.name == name:
                remove_artifact(store, old)
        artifact = Artifact(_next_id(store), name, run_id, head_sha, digest="")
        write_artifact(store, artifact, files)
        return artifact


def write_artifact(store: Path, artifact: Artifact, files: Iterable[tuple[str, bytes]]) -> None:
    """Write the artifact's zip, and its record with the zip's digest."""
    path = archive(store, artifact)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files:
            zipped.writestr(zipfile.ZipInfo(name), content)
    record = {**asdict(artifact), "digest": hashlib.sha256(path.read_bytes()).hexdigest()}
    path.with_suffix(".json").write_text(json.dumps(record))


def remove_artifact(store: Path, artifact: Artifact) -> None:
    path = archive(store, artifact)
    path.unlink()
    path.with_suffix(".json").unlink()


def caches(store: Path) -> list[Cache]:
    """Return all caches, newest first."""
    found = (store / "caches").glob("*/entry.json")
    return sorted((Cache(**json.loads(path.read_text())) for path in found), key=lambda c: -c.number)


def content(store: Path, cache: Cache) -> Path:
    """Return the directory that holds what was cached."""
    return store / "caches" / str(cache.number)


def reserve_cache(store: Path, *, key: str, version: str, ref: str) -> Cache:
    """Return a new, empty cache. Raises FileExistsError when this branch has one of that key and version."""
    with locked(store):
        if any((old.key, old.version, old.ref) == (key, version, ref) for old in caches(store)):
            raise FileExistsError(key)
        cache = Cache(_next_id(store), key, version, ref)
        content(store, cache).mkdir(parents=True)
        (content(store, cache) / "entry.json").write_text(json.dumps(asdict(cache)))
        return cache


def take_failure(store: Path, name: str) -> bool:
    """Decide whether this download of the artifact fails."""
    with locked(store):
        path = store / "failures" / name
        left = int(path.read_text()) if path.exists() else 0
        if left:
            path.write_text(str(left - 1))
        return left > 0


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """Jobs of a run work at the same time."""
    store.mkdir(parents=True, exist_ok=True)
    with (store / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _next_id(store: Path) -> int:
    path = store / ".last-id"
    number = int(path.read_text()) + 1 if path.exists() else 1001
    path.write_text(str(number))
    return number
