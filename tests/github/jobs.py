"""The environment of a job, and the event's payload beside it."""

from __future__ import annotations

import json
from pathlib import Path

_REFS = {"pull_request": "refs/pull/2/merge"}


def environ_of(event_name: str, event: object, directory: Path) -> dict[str, str]:
    """Return a job's GITHUB_ variables; the payload is written into the directory."""
    path = directory / "event.json"
    path.write_text(json.dumps(event), encoding="utf-8")
    ref = _REFS.get(event_name, "refs/heads/master")
    return {
        "GITHUB_EVENT_NAME": event_name,
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_REPOSITORY": "octo-org/octo-repo",
        "GITHUB_RUN_ID": "30433642",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_REF": ref,
        "GITHUB_REF_NAME": ref.split("/", 2)[2],
    }
