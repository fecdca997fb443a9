"""Bundles from disk: whatever can be read is, whatever can't is named."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from ci_tools.formats import attempts_jsonl, collected_jsonl, cost_json, manifest_json, plan_json
from ci_tools.model.bundle import EXPORTS, MAX_FILE_BYTES, SEALED_FILES, Bundle, bundle_name, parse_bundle_name
from ci_tools.model.cost import ShardCost
from ci_tools.model.errors import CiToolsError
from ci_tools.model.plan import Plan
from ci_tools.model.run import Manifest
from ci_tools.store.files import read_text, sha256
from ci_tools.store.ledger import DIRECTORY, read_books

T = TypeVar("T")


def read_bundles(directories: Sequence[Path], *, some: bool = True) -> tuple[Bundle, ...]:
    """Return the bundles in and below the directories, each once, sorted by shard and attempt.

    Raises CiToolsError when a directory doesn't exist or, where there must be `some`, holds no bundle.
    """
    found: dict[str, Path] = {}
    for directory in directories:
        if not os.path.isdir(directory):
            raise CiToolsError(f"no such directory: {directory}", hint="name the --out of `ci-tools run`")
        for path in _bundle_directories(directory):
            found.setdefault(os.path.realpath(path), path)
    if not found and some:
        names = ", ".join(str(directory) for directory in directories)
        raise CiToolsError(f"no bundle in {names}", hint="a bundle is what `ci-tools run` leaves in its --out")
    bundles = [read_bundle(path) for path in found.values()]
    return tuple(sorted(bundles, key=lambda bundle: (bundle.shard, bundle.attempt, bundle.name)))


def has_bundle(directory: Path) -> bool:
    """Return whether a bundle is in or below the directory, readable or not."""
    return next(_bundle_directories(directory), None) is not None


def _bundle_directories(top: Path) -> Iterator[Path]:
    for path, directories, files in os.walk(top):
        name = os.path.basename(os.path.abspath(path))
        if "manifest.json" in files or parse_bundle_name(name) is not None:
            directories.clear()
            yield Path(path)


def read_bundle(path: Path) -> Bundle:
    """Return one bundle; never raises for what is in it."""
    problems: list[str] = []
    name = os.path.basename(os.path.abspath(path))

    def part(file: str, loads: Callable[[str], T]) -> T | None:
        if (path / file).is_symlink():
            problems.append(f"{file}: a symbolic link, which no bundle holds")
            return None
        try:
            return loads(read_text(path / file, max_bytes=MAX_FILE_BYTES))
        except CiToolsError as error:
            problems.append(error.fact.replace(f"{path / file}", file))
            return None

    manifest = part("manifest.json", lambda text: manifest_json.loads(text, source="manifest.json"))
    plan = part("plan.json", _plan)
    attempts = part("attempts.jsonl", lambda text: attempts_jsonl.loads(text, source="attempts.jsonl"))
    collection = part("collected.jsonl", lambda text: collected_jsonl.loads(text, source="collected.jsonl"))
    sessions, damage = attempts or ((), "")
    if damage:
        problems.append(f"attempts.jsonl: {damage}")
    if collection is not None and not collection.complete:
        problems.append("collected.jsonl: cut off or damaged")
    if manifest is not None:
        problems += _changed_files(path, manifest)
    named = parse_bundle_name(name)
    identity = (manifest.shard, manifest.shards, manifest.attempt) if manifest else named
    if identity and named and identity != named:
        problems.append(f"its directory is named {name!r}, its manifest says {bundle_name(*identity)!r}")
    shard, shards, attempt = identity or (0, 0, 0)
    return Bundle(
        name=name,
        shard=shard,
        shards=shards,
        attempt=attempt,
        manifest=manifest,
        plan=plan,
        sessions=sessions,
        collection=collection,
        cost=_cost(path / "cost.json"),
        books=read_books(path / DIRECTORY),
        problems=tuple(problems),
    )


@lru_cache(maxsize=1)
def _plan(text: str) -> Plan:
    """Return the plan. All bundles of a run carry the same one: it is read once."""
    return plan_json.loads(text, source="plan.json")


def _cost(path: Path) -> ShardCost | None:
    """Return what the job cost, None where that can't be read: it proves nothing, so its lack is no problem."""
    try:
        return None if path.is_symlink() else cost_json.loads_shard(read_text(path), source="cost.json")
    except CiToolsError:
        return None


def _changed_files(path: Path, manifest: Manifest) -> list[str]:
    """Return which facts don't match the digests that the bundle was sealed with; exports prove nothing."""
    changed = []
    for name, digest in sorted(manifest.files.items()):
        file = path / name
        if name not in SEALED_FILES:
            changed.append(f"manifest.json: {name!r} is no file of a bundle")
        elif name in EXPORTS:
            continue
        elif not file.is_file():
            changed.append(f"{name}: missing from a sealed bundle")
        elif sha256(file) != digest:
            changed.append(f"{name}: changed or cut off after it was sealed")
    return changed
