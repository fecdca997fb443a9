"""GitHub's own description of the REST calls that we make."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from runner.data import data
from runner.npm import json_in

PACKAGE, VERSION, MEMBER = "@octokit/openapi", "23.0.2", "generated/api.github.com.json"
REPOSITORY = "/repos/{owner}/{repo}"
PATHS = (
    f"{REPOSITORY}/issues/{{issue_number}}/comments",
    f"{REPOSITORY}/issues/comments/{{comment_id}}",
    f"{REPOSITORY}/check-runs",
    f"{REPOSITORY}/check-runs/{{check_run_id}}",
    f"{REPOSITORY}/actions/runs/{{run_id}}",
    f"{REPOSITORY}/actions/runs/{{run_id}}/attempts/{{attempt_number}}",
    f"{REPOSITORY}/actions/runs/{{run_id}}/attempts/{{attempt_number}}/jobs",
    f"{REPOSITORY}/actions/runs/{{run_id}}/jobs",
    f"{REPOSITORY}/actions/runs/{{run_id}}/artifacts",
    f"{REPOSITORY}/actions/artifacts",
    f"{REPOSITORY}/actions/artifacts/{{artifact_id}}/{{archive_format}}",
    f"{REPOSITORY}/actions/caches",
    f"{REPOSITORY}/commits/{{commit_sha}}/pulls",
    f"{REPOSITORY}/pulls",
    f"{REPOSITORY}/pulls/{{pull_number}}",
    "/user",
)


@cache
def description() -> dict[str, Any]:
    """Return an OpenAPI 3.0 document with PATHS and all that they refer to; its server is http://127.0.0.1.

    From XDIST_CI_DATA when it is there, else cut from the npm package: the same document either way.
    """
    packed = data("github-openapi/github-openapi-subset.json.gz")
    if packed is None:
        return cut(json_in(PACKAGE, VERSION, MEMBER))
    loaded: dict[str, Any] = json.loads(gzip.decompress(packed.read_bytes()))
    return loaded


def cut(full: dict[str, Any], paths: tuple[str, ...] = PATHS) -> dict[str, Any]:
    """Return `full` with these paths only, and only the components that they refer to."""
    components: dict[str, dict[str, Any]] = {}
    chosen = {path: full["paths"][path] for path in paths}
    waiting: list[Any] = [chosen]
    while waiting:
        for kind, name in _references(waiting.pop()):
            if name not in components.setdefault(kind, {}):
                components[kind][name] = full["components"][kind][name]
                waiting.append(components[kind][name])
    document = {"openapi": full["openapi"], "info": full["info"], "servers": [{"url": "http://127.0.0.1"}]}
    return {**document, "paths": chosen, "components": components}


def _references(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str) and target.startswith("#/components/"):
            _, _, kind, name = target.split("/", 3)
            yield kind, name
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _references(inner)
