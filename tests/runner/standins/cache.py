"""actions/cache/restore and actions/cache/save. Keys can't be changed; a branch sees itself, its base and the default.

https://docs.github.com/actions/reference/workflows-and-actions/dependency-caching
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import shelf
from step import STORE, WORKSPACE, fail, given, output, warn


def restore() -> None:
    inputs = given()
    keys = [inputs["key"], *(line.strip() for line in inputs["restore-keys"].splitlines() if line.strip())]
    refuse_bad_keys(keys)
    output("cache-primary-key", inputs["key"])
    found = search(keys, version(inputs["path"]))
    if found is None:
        print(f"Cache not found for input keys: {', '.join(keys)}")
        if inputs["fail-on-cache-miss"] == "true":
            fail(f"Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: {inputs['key']}")
        return
    if inputs["lookup-only"] != "true":
        for number, path in enumerate(paths(inputs["path"])):
            copy(shelf.content(STORE, found) / str(number), path)
    print(f"Cache restored from key: {found.key}")
    output("cache-hit", str(found.key == inputs["key"]).lower())
    output("cache-matched-key", found.key)


def save() -> None:
    """Save what exists. Whatever goes wrong is a warning: a cache never fails a job."""
    inputs = given()
    refuse_bad_keys([inputs["key"]])
    sources = paths(inputs["path"])
    if not any(path.exists() for path in sources):
        warn("Path Validation Error: Path(s) specified in the action for caching do(es) not exist, not saving cache.")
        return
    if (STORE / "failures" / "cache-save").exists():
        warn("Failed to save: Failed to CreateCacheEntry: Received non-retryable error: Failed request: (403)")
        return
    try:
        ref = os.environ["GITHUB_REF"]
        cache = shelf.reserve_cache(STORE, key=inputs["key"], version=version(inputs["path"]), ref=ref)
    except FileExistsError:
        warn(
            f"Failed to save: Unable to reserve cache with key {inputs['key']}, another job may be creating this cache."
        )
        return
    for number, path in enumerate(sources):
        copy(path, shelf.content(STORE, cache) / str(number))
    print(f"Cache saved with key: {inputs['key']}")


def search(keys: list[str], wanted: str) -> shelf.Cache | None:
    """Branch by branch; there the exact key, then each key as a prefix, the newest first."""
    for ref in refs():
        here = [cache for cache in shelf.caches(STORE) if (cache.ref, cache.version) == (ref, wanted)]
        for cache in here:
            if cache.key == keys[0]:
                return cache
        for key in keys:
            for cache in here:
                if cache.key.startswith(key):
                    return cache
    return None


def refs() -> list[str]:
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    default = event.get("repository", {}).get("default_branch", "main")
    base = os.environ.get("GITHUB_BASE_REF")
    return [os.environ["GITHUB_REF"], *([f"refs/heads/{base}"] if base else []), f"refs/heads/{default}"]


def version(text: str) -> str:
    """The text of `path` counts, not what it means. A runner's own directories are the same in every job on GitHub."""
    text = text.replace(os.environ["RUNNER_TEMP"], "/home/runner/work/_temp")
    return json.dumps([line.strip() for line in text.replace(str(WORKSPACE), "/home/runner/work").splitlines()])


def paths(text: str) -> list[Path]:
    """Return what the lines of `path` name; `@actions/glob` refuses to look for anything with a `..` in it."""
    for line in filter(None, map(str.strip, text.splitlines())):
        if ".." in Path(line).parts:
            fail(f"Invalid pattern '{line}'. Relative pathing '.' and '..' is not allowed.")
    return [WORKSPACE / os.path.expanduser(line.strip()) for line in text.splitlines() if line.strip()]


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def refuse_bad_keys(keys: list[str]) -> None:
    if len(keys) > 10:
        fail("Key Validation Error: Keys are limited to a maximum of 10.")
    for key in keys:
        if not key or len(key) > 512 or "," in key:
            fail(f"Key Validation Error: {key} cannot be empty, contain commas or be larger than 512 characters.")


if __name__ == "__main__":
    {"restore": restore, "save": save}[sys.argv[1]]()
