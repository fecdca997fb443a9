"""Where one use of the action keeps what: its files, artifacts and caches, for the steps that aren't ours."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ci_tools.cli.inputs import Inputs
from ci_tools.formats import manifest_json
from ci_tools.model.run import Manifest
from ci_tools.store.files import write_text


def places(inputs: Inputs, temporary: Path) -> dict[str, str]:
    """Return the outputs of the first step: names and paths for the steps that aren't ours."""
    own, artifact = inputs.own, inputs.artifact
    outputs = {
        "inputs": str(own / "inputs.json"),
        "command": inputs.command,
        "shards": str(inputs.shards or ""),
        "plans-path": str(own / "plans"),
        "plan-artifact": inputs.plan if inputs.plan_is_artifact else "",
        "plans": flag(inputs.command == "plan" or (inputs.command == "run" and not inputs.plan)),
    }
    run = f"{os.environ.get('GITHUB_RUN_ID', '0')}-{inputs.attempt}"
    if inputs.command in ("plan", "merge"):
        # The text of the path is part of a cache's identity: this one is the same on all of GitHub's own runners.
        outputs["cache-path"] = str(recorded(inputs, temporary))
        outputs |= {"cache-key": f"{artifact}{run}", "cache-prefix": artifact}
    if inputs.command == "plan":
        earlier = f"{artifact}plan-attempt-*" if inputs.attempt > 1 else ""
        outputs |= {"plan-name": f"{artifact}{inputs.plan_name}", "earlier-plans": earlier}
    elif inputs.command == "merge":
        outputs |= {"shard-names": f"{artifact}shard-*", "report-name": f"{artifact}report-attempt-{inputs.attempt}"}
        outputs |= {"bundles-path": str(own / "bundles"), "save-key": f"{artifact}{run}"}
    elif inputs.command == "run":
        # Its own bundle alone, whatever tests put beside it; by a wildcard, which keeps the directory's name.
        outputs["bundle-path"] = str(inputs.results / "bundles" / f"?{inputs.bundle[1:]}" / "**")
        outputs["shard-name"] = f"{artifact}{inputs.bundle}"
        if inputs.attempt > 1:
            outputs |= {"begun-name": f"{artifact}{inputs.bundle}-begun", "begun-path": str(_announce(inputs))}
    return outputs


def _announce(inputs: Inputs) -> Path:
    """Write the manifest of a shard that has begun and done nothing yet; return the directory to upload."""
    manifest = Manifest(
        shard=inputs.shard,
        shards=inputs.shards,
        attempt=inputs.attempt,
        plan_digest="",
        nonce=secrets.token_hex(8),
        command=(),
        key=inputs.key,
        sha=os.environ.get("GITHUB_SHA", ""),
    )
    top = inputs.own / "announced"
    write_text(top / "begun" / inputs.bundle / "manifest.json", manifest_json.dumps(manifest))
    return top


def recorded(inputs: Inputs, temporary: Path) -> Path:
    """Return the directory that the cache of recorded times and runs fills, and is filled from."""
    return temporary / f"recorded-{inputs.key}"


def flag(value: bool) -> str:
    """Return an output that an expression can test."""
    return "true" if value else ""
