"""actions/upload-artifact: files of the job become a zip of the run. Rules of v4 to v7.

https://github.com/actions/upload-artifact and `@actions/artifact`, `@actions/glob`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import shelf
from step import STORE, WORKSPACE, fail, given, output, warn

BAD_IN_NAME = re.compile(r'["<>|*?:\r\n\\/]')
BAD_IN_PATH = re.compile(r'["<>|*?:\r\n]')
WILDCARDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def main() -> None:
    inputs = given()
    name, run_id = inputs["name"], os.environ["GITHUB_RUN_ID"]
    refuse_bad_inputs(inputs)
    files, root = find(inputs["path"].splitlines(), hidden=inputs["include-hidden-files"] == "true")
    if not files:
        none_found(inputs)
        return
    members = [(os.path.relpath(file, root), file.read_bytes()) for file in files]
    for member, _ in members:
        if BAD_IN_PATH.search(member):
            fail(f"The path for one of the files in artifact is not valid: {member}")
    try:
        sha, overwrite = os.environ["GITHUB_SHA"], inputs["overwrite"] == "true"
        shelf.add_artifact(STORE, run_id=run_id, name=name, head_sha=sha, files=members, overwrite=overwrite)
    except FileExistsError:
        fail(
            "Failed to CreateArtifact: Received non-retryable error: Failed request: "
            "(409) Conflict: an artifact with this name already exists on the workflow run"
        )
    report(next(a for a in shelf.artifacts(STORE, run_id) if a.name == name))


def refuse_bad_inputs(inputs: dict[str, str]) -> None:
    if not inputs["path"].strip():
        fail("Input required and not supplied: path")
    for line in filter(None, map(str.strip, inputs["path"].splitlines())):
        if ".." in Path(line).parts:
            fail(f"Invalid pattern '{line}'. Relative pathing '.' and '..' is not allowed.")
    if BAD_IN_NAME.search(inputs["name"]):
        fail(f"The artifact name is not valid: {inputs['name']}")
    if inputs["if-no-files-found"] not in ("warn", "error", "ignore"):
        fail("Unrecognized if-no-files-found input. Available options: warn, error, ignore")
    if inputs["retention-days"] and not re.fullmatch(r"[1-9]\d*", inputs["retention-days"]):
        fail("Invalid retention-days")
    if not re.fullmatch(r"\d", inputs["compression-level"]):
        fail("Invalid compression-level. Valid values are 0-9")


def none_found(inputs: dict[str, str]) -> None:
    message = f"No files were found with the provided path: {inputs['path']}. No artifacts will be uploaded."
    if inputs["if-no-files-found"] == "error":
        fail(message)
    if inputs["if-no-files-found"] == "warn":
        warn(message)


def report(artifact: shelf.Artifact) -> None:
    server, repository = os.environ["GITHUB_SERVER_URL"], os.environ["GITHUB_REPOSITORY"]
    print(f"Artifact {artifact.name} has been successfully uploaded! Artifact ID is {artifact.id}")
    output("artifact-id", artifact.id)
    output("artifact-digest", artifact.digest)
    output("artifact-url", f"{server}/{repository}/actions/runs/{artifact.run_id}/artifacts/{artifact.id}")


def find(lines: list[str], *, hidden: bool) -> tuple[list[Path], Path]:
    """Return the files that the patterns name, and the directory that their paths in the zip start from.

    That is the only pattern's own directory, or the least common ancestor of several.
    """
    patterns = [os.path.normpath(WORKSPACE / line.strip()) for line in lines if line.strip() and line.strip()[0] != "!"]
    excluded = [os.path.normpath(WORKSPACE / line.strip()[1:]) for line in lines if line.strip().startswith("!")]
    roots = sorted({literal_part(pattern) for pattern in patterns})
    roots = [root for root in roots if not any(other in root.parents for other in roots)]
    found = [file for root in roots for file in walk(root, hidden=hidden)]
    files = [f for f in found if matches(f, patterns) and not matches(f, excluded)]
    if len(roots) > 1:
        return files, Path(os.path.commonpath(roots))
    return files, roots[0].parent if files == roots else roots[0]


def literal_part(pattern: str) -> Path:
    parts: list[str] = []
    for part in Path(pattern).parts:
        if re.search(r"[*?]", part):
            break
        parts.append(part)
    return Path(*parts)


def walk(root: Path, *, hidden: bool) -> Iterator[Path]:
    """Yield the files below `root`, or itself; a hidden root is skipped as any hidden name is, its ancestors aren't."""
    if root.name.startswith(".") and not hidden:
        return
    if root.is_file():
        yield root
    elif root.is_dir():
        for path in sorted(root.iterdir()):
            yield from walk(path, hidden=hidden)


def matches(file: Path, patterns: list[str]) -> bool:
    """Decide whether a pattern names the file or a directory above it."""
    return any(re.fullmatch(f"{translated(pattern)}(?:/.*)?", str(file), re.DOTALL) for pattern in patterns)


def translated(pattern: str) -> str:
    return "".join(WILDCARDS.get(part) or re.escape(part) for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern))


if __name__ == "__main__":
    main()
