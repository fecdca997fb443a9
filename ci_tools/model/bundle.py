"""A bundle: all that one attempt of one shard left behind."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ci_tools.model.cost import ShardCost
from ci_tools.model.plan import Plan
from ci_tools.model.run import Collection, Manifest, Session
from ci_tools.model.spending import Book

# What a sealed bundle holds beside its manifest, and its manifest the digests of. Nothing is proved by the exports.
FACTS = ("plan.json", "attempts.jsonl", "collected.jsonl")
EXPORTS = ("junit.xml", "cost.json")
SEALED_FILES = (*FACTS, *EXPORTS)

MAX_FILE_BYTES = 500_000_000

# A matrix leg's name, part of those of its artifacts and of its comment: without `--`, which ends it there.
KEY = r"[A-Za-z0-9._+]+(?:-[A-Za-z0-9._+]+)*"
MAX_KEY_CHARS = 64
DEFAULT_KEY = "tests"  # where it is the only one, nobody needs to read it

_NAME = re.compile(r"shard-(\d{1,4})-of-(\d{1,4})-attempt-(\d{1,4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """`name` is its directory's; `problems` say what couldn't be read, `manifest` may be one.

    `cost` is an export: a bundle without one proves as much as any other. `books` are what its tests spent.
    """

    name: str
    shard: int
    shards: int
    attempt: int
    manifest: Manifest | None
    plan: Plan | None
    sessions: tuple[Session, ...]
    collection: Collection | None
    problems: tuple[str, ...]
    cost: ShardCost | None = None
    books: tuple[Book, ...] = ()


def is_key(text: str) -> bool:
    """Return whether a text can name a matrix leg: up to 64 of letters, digits, `.`, `_`, `+` and single `-`."""
    return len(text) <= MAX_KEY_CHARS and re.fullmatch(KEY, text) is not None


def bundle_name(shard: int, shards: int, attempt: int) -> str:
    """Return the directory's name: shard and attempt survive a flat unpacking of artifacts."""
    return f"shard-{shard}-of-{shards}-attempt-{attempt}"


def parse_bundle_name(name: str) -> tuple[int, int, int] | None:
    """Return (shard, shards, attempt), None when the name isn't a bundle's."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    shard, shards, attempt = (int(group) for group in match.groups())
    return (shard, shards, attempt) if 1 <= shard <= shards and attempt >= 1 else None
