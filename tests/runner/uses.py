"""What the workflows and actions of a repository use, and where on this machine that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

STANDINS = Path(__file__).parent / "standins"


def parsed(text: str) -> dict[str, Any]:
    """Return a workflow or action as data; every scalar is a string, also `on`, which YAML 1.1 would read as true."""
    loaded: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)
    return loaded


def load(path: Path) -> dict[str, Any]:
    """Return a file's workflow or action as data."""
    return parsed(path.read_text(encoding="utf-8"))


def steps(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the steps of all jobs of a workflow, or of a composite action."""
    for job in document.get("jobs", {}).values():
        yield from job.get("steps", [])
    yield from document.get("runs", {}).get("steps", [])


def used(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield each `uses:`, of steps and of jobs that call a reusable workflow."""
    for part in (*document.get("jobs", {}).values(), *steps(document)):
        if "uses" in part:
            yield part["uses"]


def local_repositories(root: Path, actions: Mapping[str, Path]) -> dict[str, Path]:
    """Return owner/name@ref → directory for all that the workflows of `root` use, directly or through an action.

    `actions` says where our own are, by owner/name; actions/* are the stand-ins. Raises LookupError, which names the
    `uses:` and its file, for anything else: the runner would fetch it.
    """
    found: dict[str, Path] = {}
    waiting = [(root, path) for path in sorted((root / ".github/workflows").glob("*.y*ml"))]
    seen = set(waiting)
    while waiting:
        home, file = waiting.pop()
        for uses in used(load(file)):
            # A step's ./ is the workspace, wherever the step is written; a job's is the workflow's own repository.
            here = home if uses.startswith("./.github/workflows/") else root
            target = resolve(uses, here=here, actions=actions, file=file)
            if not uses.startswith("./"):
                name, _, ref = uses.partition("@")
                found[f"{'/'.join(name.split('/')[:2])}@{ref}"] = target[0]
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return found


def resolve(uses: str, *, here: Path, actions: Mapping[str, Path], file: Path) -> tuple[Path, Path]:
    """Return the directory of the repository that `uses` names, and the file that it means there."""
    name = uses.partition("@")[0]
    owner, *rest = name.split("/")
    directory, inside = actions.get("/".join([owner, *rest[:1]])), "/".join(rest[1:])
    if owner == ".":
        directory, inside = here, name
    elif owner == "actions" and rest:
        directory = STANDINS / rest[0]
    candidates = [(directory, directory / inside / last) for last in ("", "action.yml")] if directory else []
    for found in candidates:
        if found[1].is_file():
            return found
    raise LookupError(f"{file}: uses {uses!r}, which no stand-in and no action of ours provides")
