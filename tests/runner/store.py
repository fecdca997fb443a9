"""The store of a test's artifacts and caches: look into it, and damage it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from runner.standins import shelf
from runner.standins.shelf import Artifact, Cache

Files = dict[str, bytes]


@dataclass(frozen=True)
class Store:
    """All runs of one test share it; a run is named by its id."""

    root: Path

    def names(self, run_id: int) -> list[str]:
        """Return the names of a run's artifacts in the order of upload."""
        return [artifact.name for artifact in shelf.artifacts(self.root, str(run_id))]

    def artifact(self, run_id: int, name: str) -> Artifact:
        found = {artifact.name: artifact for artifact in shelf.artifacts(self.root, str(run_id))}
        assert name in found, f"no artifact {name!r} in run {run_id}, only {sorted(found)}"
        return found[name]

    def files(self, run_id: int, name: str) -> Files:
        """Return what the artifact holds, path → content."""
        with zipfile.ZipFile(io.BytesIO(self.zip(run_id, name))) as zipped:
            return {member: zipped.read(member) for member in zipped.namelist()}

    def zip(self, run_id: int, name: str) -> bytes:
        return shelf.archive(self.root, self.artifact(run_id, name)).read_bytes()

    def add(self, run_id: int, name: str, files: Files, *, head_sha: str = "0" * 40) -> Artifact:
        """Add an artifact that no job of ours has uploaded."""
        return shelf.add_artifact(self.root, run_id=str(run_id), name=name, head_sha=head_sha, files=files.items())

    def delete(self, run_id: int, name: str) -> None:
        shelf.remove_artifact(self.root, self.artifact(run_id, name))

    def rewrite(self, run_id: int, name: str, path: str, content: bytes | None) -> None:
        """Put other bytes, or none, where the job uploaded a file; id and name stay, the digest is right again."""
        files = {**self.files(run_id, name), path: content}
        kept = [(member, data) for member, data in files.items() if data is not None]
        shelf.write_artifact(self.root, replace(self.artifact(run_id, name), digest=""), kept)

    def truncate(self, run_id: int, name: str, path: str, size_bytes: int) -> None:
        """Keep the first bytes of a file, as of a job that was killed while it wrote."""
        self.rewrite(run_id, name, path, self.files(run_id, name)[path][:size_bytes])

    def damage(self, run_id: int, name: str) -> None:
        """Change the zip in the storage, so that its digest is wrong."""
        path = shelf.archive(self.root, self.artifact(run_id, name))
        path.write_bytes(path.read_bytes()[:-1] + b"\xff")

    def fail_downloads(self, name: str, times: int = 1) -> None:
        """Let the next downloads of this artifact fail."""
        self._failures(name, times)

    def refuse_cache_saves(self) -> None:
        self._failures("cache-save", 1)

    def caches(self) -> list[Cache]:
        """Return all caches, newest first."""
        return shelf.caches(self.root)

    def _failures(self, name: str, times: int) -> None:
        (self.root / "failures").mkdir(parents=True, exist_ok=True)
        (self.root / "failures" / name).write_text(str(times))
