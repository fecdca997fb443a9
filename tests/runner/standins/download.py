"""actions/download-artifact: artifacts of this run, or with a token of another. Rules of v5 to v8.

https://github.com/actions/download-artifact, src/download-artifact.ts.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from fnmatch import fnmatchcase
from pathlib import Path

import shelf
from step import STORE, WORKSPACE, fail, given, output, warn


def main() -> None:
    inputs = given()
    destination = Path(os.path.normpath(WORKSPACE / os.path.expanduser(inputs["path"] or ".")))
    chosen = choose(inputs)
    # One artifact has no directory of its own, however it was chosen: what tells it apart must be in its files' paths.
    flat = inputs["merge-multiple"] == "true" or len(chosen) == 1
    for artifact in chosen:
        print(f"- {artifact.name} (ID: {artifact.id})")
        extract(artifact, destination if flat else destination / artifact.name, inputs["digest-mismatch"])
    print(f"Total of {len(chosen)} artifact(s) downloaded")
    output("download-path", destination)


def choose(inputs: dict[str, str]) -> list[shelf.Artifact]:
    """Return the artifacts that the inputs mean. By name and by ids none is an error, by pattern it isn't."""
    if inputs["name"] and inputs["artifact-ids"]:
        refuse("Inputs 'name' and 'artifact-ids' cannot be used together. Please specify only one.")
    latest = {artifact.name: artifact for artifact in shelf.artifacts(STORE, run_id(inputs))}
    if inputs["name"]:
        if inputs["name"] not in latest:
            refuse(f"Artifact not found for name: {inputs['name']}")
        return [latest[inputs["name"]]]
    if inputs["artifact-ids"]:
        return by_ids(inputs["artifact-ids"], list(latest.values()))
    return [a for a in latest.values() if not inputs["pattern"] or fnmatchcase(a.name, inputs["pattern"])]


def run_id(inputs: dict[str, str]) -> str:
    """Without a token `run-id` and `repository` are ignored, silently."""
    if not inputs["github-token"]:
        return os.environ["GITHUB_RUN_ID"]
    if inputs["repository"] != os.environ["GITHUB_REPOSITORY"]:
        refuse(f"Not Found: {inputs['repository']}")
    return inputs["run-id"]


def by_ids(text: str, available: list[shelf.Artifact]) -> list[shelf.Artifact]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        refuse("No valid artifact IDs provided in 'artifact-ids' input")
    for word in words:
        if not re.match(r"[+-]?\d", word):
            refuse(f"Invalid artifact ID: '{word}'. Must be a number.")
    wanted = {int(word) for word in words}
    chosen = [artifact for artifact in available if artifact.id in wanted]
    if not chosen:
        refuse("None of the provided artifact IDs were found")
    if missing := sorted(wanted - {artifact.id for artifact in chosen}):
        warn(f"Could not find the following artifact IDs: {', '.join(map(str, missing))}")
    return chosen


def extract(artifact: shelf.Artifact, directory: Path, on_mismatch: str) -> None:
    path = shelf.archive(STORE, artifact)
    if shelf.take_failure(STORE, artifact.name):
        refuse(f"Artifact download failed after 5 retries: {artifact.name}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != artifact.digest:
        mismatch = f"Artifact '{artifact.name}' digest validation failed. Please verify the integrity of the artifact."
        if on_mismatch == "error":
            refuse(mismatch)
        warn(mismatch)
    try:
        with zipfile.ZipFile(path) as zipped:
            zipped.extractall(directory)
    except zipfile.BadZipFile as error:
        refuse(str(error))


def refuse(reason: str) -> None:
    fail(f"Unable to download artifact(s): {reason}")


if __name__ == "__main__":
    main()
