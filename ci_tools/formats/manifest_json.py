"""`manifest.json`: the label on a bundle, written when the shard begins and again when it ends."""

from __future__ import annotations

from ci_tools.formats._document import Fields, check_header, parse
from ci_tools.formats._document import dumps as _dumps
from ci_tools.model.run import Manifest

FORMAT = "xdist-ci/manifest"
# 1: the first.
VERSION = 1


def dumps(manifest: Manifest) -> str:
    """Return the manifest as text."""
    return _dumps(
        {
            "format": FORMAT,
            "version": VERSION,
            "key": manifest.key,
            "shard": manifest.shard,
            "shards": manifest.shards,
            "attempt": manifest.attempt,
            "sha": manifest.sha,
            "plan_digest": manifest.plan_digest,
            "nonce": manifest.nonce,
            "command": list(manifest.command),
            "sealed": manifest.sealed,
            "exit_code": manifest.exit_code,
            "rerun_exit_code": manifest.rerun_exit_code,
            "stopped": manifest.stopped,
            "start_s": round(manifest.start_s, 3),
            "end_s": round(manifest.end_s, 3),
            "files": dict(manifest.files),
        }
    )


def loads(text: str, *, source: str) -> Manifest:
    """Return the manifest; FormatError when it is none, cut off, or its shard isn't 1…shards."""
    document = check_header(parse(text, source=source), format=FORMAT, version=VERSION, source=source)
    fields = Fields(document, source=source)
    shard, shards = fields.integer("shard", least=1), fields.integer("shards", least=1)
    if shard > shards:
        raise fields.refuse(f"'shard' is {shard} of {shards}")
    exit_code, rerun_exit_code = fields.get("exit_code"), fields.get("rerun_exit_code")
    return Manifest(
        key=fields.text("key"),
        shard=shard,
        shards=shards,
        attempt=fields.integer("attempt", least=1),
        sha=fields.text("sha"),
        plan_digest=fields.text("plan_digest"),
        nonce=fields.text("nonce"),
        command=fields.texts("command"),
        sealed=fields.flag("sealed"),
        exit_code=None if exit_code is None else fields.integer("exit_code", least=-128),
        rerun_exit_code=None if rerun_exit_code is None else fields.integer("rerun_exit_code", least=-128),
        stopped=fields.text("stopped"),
        start_s=fields.seconds("start_s"),
        end_s=fields.seconds("end_s"),
        files=fields.text_map("files"),
    )
