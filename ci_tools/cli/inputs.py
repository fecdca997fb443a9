"""The action's inputs: read from the environment once, checked, handed from step to step as one file."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ci_tools.cli.options import MAX_WORKERS
from ci_tools.formats.plan_json import MAX_SHARDS
from ci_tools.model.bundle import DEFAULT_KEY, bundle_name, is_key
from ci_tools.model.errors import UsageError
from ci_tools.model.report import POLICIES
from ci_tools.store.files import read_text, write_text

COMMANDS = ("run", "plan", "merge", "comment")
MODES = ("always", "on-failure", "on-change", "never")  # of the comment
PREFIX = "XDIST_CI_INPUT_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """One use of the action. `shard` and `shards` are 0 where not said; `plan` is an artifact's id or a path."""

    command: str
    shard: int
    shards: int
    auto_shards: bool
    pytest: str
    args: str
    working_directory: str
    durations: str
    workers: str
    reruns: str
    key: str
    plan: str
    paths: str
    fail_on: str
    comment: str
    needs: str
    deadline_minutes: str
    target_minutes: str
    max_usd: str
    price_per_minute: str
    out: str
    attempt: int
    directory: str

    @property
    def plan_is_artifact(self) -> bool:
        return _is_id(self.plan)

    @property
    def own(self) -> Path:
        """The directory of this use of the action alone: what is downloaded goes nowhere else."""
        return Path(self.directory)

    @property
    def results(self) -> Path:
        """Where bundle and report are left: the input `out`, else its own directory."""
        return Path(self.out) if self.out else self.own

    @property
    def plan_name(self) -> str:
        return f"plan-attempt-{self.attempt}"

    @property
    def artifact(self) -> str:
        """What the names of this key's artifacts begin with. No key holds `--`: none is another's beginning."""
        return f"xdist-ci-{self.key}--"

    @property
    def bundle(self) -> str:
        return bundle_name(self.shard, self.shards, self.attempt)


def read_inputs(environ: Mapping[str, str], *, directory: Path) -> Inputs:
    """Return the inputs; UsageError with the fix for what can't be right.

    `directory` is an empty one for this use of the action.
    """
    text = {
        name.removeprefix(PREFIX).lower(): value.strip() for name, value in environ.items() if name.startswith(PREFIX)
    }
    command = _choice(text, "command", COMMANDS, default="run")
    key = text.get("key") or ("" if command == "comment" else DEFAULT_KEY)  # "": every key that left a report
    if key and not is_key(key):
        raise UsageError(
            f"input key is {key!r}",
            hint="it names a matrix leg: up to 64 letters and digits, between them '.', '_', '+' or a single '-'",
        )
    auto = command == "plan" and text.get("shards", "") == "auto"
    shard, shards = _shard(command, text, environ) if not auto else (0, 0)
    attempt = environ.get("GITHUB_RUN_ATTEMPT", "")
    return Inputs(
        command=command,
        shard=shard,
        shards=shards,
        auto_shards=auto,
        pytest=text.get("pytest", ""),
        args=text.get("args", ""),
        working_directory=text.get("working_directory") or ".",
        durations=text.get("durations", ""),
        workers=_workers(text.get("workers", "")),
        reruns=_number(text, "reruns"),
        key=key,
        plan=_plan(text.get("plan", "")),
        paths=_paths(text.get("paths", "")),
        fail_on=_choice(text, "fail_on", POLICIES, default="any"),
        comment=_choice(text, "comment", MODES, default="always"),
        needs=text.get("needs", ""),
        deadline_minutes=_number(text, "deadline_minutes"),
        target_minutes=_number(text, "target_minutes"),
        max_usd=_number(text, "max_usd"),
        price_per_minute=_number(text, "price_per_minute"),
        attempt=int(attempt) if attempt.isdecimal() and 1 <= int(attempt) <= 9999 else 1,
        out=os.path.abspath(text["out"]) if text.get("out") else "",
        directory=os.path.abspath(directory),
    )


def save(inputs: Inputs, path: Path) -> None:
    """Write the inputs for the action's next steps."""
    write_text(path, json.dumps(asdict(inputs), indent=1) + "\n")


def load(path: Path) -> Inputs:
    """Return what `save` wrote; UsageError when it isn't that."""
    text = read_text(path, hint="the action's first step writes it")
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    names = {field.name for field in fields(Inputs)}
    if not isinstance(document, dict) or document.keys() != names:
        raise UsageError(f"{path}: not the inputs of this action", hint="don't write into RUNNER_TEMP/xdist-ci")
    return Inputs(**document)


def _plan(value: str) -> str:
    """Return an artifact's id as it is, a path so that it holds wherever the command works."""
    return value if not value or _is_id(value) else os.path.abspath(value)


def _paths(value: str) -> str:
    try:
        words = shlex.split(value)
    except ValueError as error:
        raise UsageError(f"input paths: {str(error).lower()}", hint="quote it as in a shell") from None
    if any(word.startswith("-") for word in words):
        raise UsageError(f"input paths is {value!r}", hint="it names directories and files; options go into args")
    return value


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdecimal()


def _choice(text: Mapping[str, str], name: str, choices: tuple[str, ...], *, default: str) -> str:
    value = text.get(name) or default
    if value not in choices:
        raise UsageError(f"input {_spelled(name)} is {value!r}", hint=f"it is one of {', '.join(choices)}")
    return value


def _number(text: Mapping[str, str], name: str) -> str:
    value = text.get(name, "")
    if value and not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        raise UsageError(f"input {_spelled(name)} is {value!r}", hint="it is a number, or empty")
    return value


def _workers(value: str) -> str:
    if value in ("", "auto") or (value.isdecimal() and 1 <= int(value) <= MAX_WORKERS):
        return value
    raise UsageError(f"input workers is {value!r}", hint=f"it is auto, or 1 to {MAX_WORKERS}")


def _spelled(name: str) -> str:
    return name.replace("_", "-")


def _shard(command: str, text: Mapping[str, str], environ: Mapping[str, str]) -> tuple[int, int]:
    """Return (shard, shards); 0 for what the command doesn't need."""
    shards = _whole("shards", text.get("shards", ""))
    if command != "run":
        if command == "plan" and not shards:
            raise UsageError("input shards is empty", hint="say how many jobs: a number, or auto")
        return 0, shards
    if not text.get("shard"):
        return _from_matrix(shards, environ)
    index, slash, total = text["shard"].partition("/")
    shard, total_shards = _whole("shard", index), _whole("shard", total)
    if slash and shards not in (0, total_shards):
        raise UsageError(f"input shard is {text['shard']}, input shards {shards}", hint="leave shards out")
    shards = shards or total_shards or _from_matrix(0, environ)[1]
    if not 1 <= shard <= shards:
        raise UsageError(f"there is no shard {index or '?'} of {shards}", hint="the first shard is 1: 1/8 to 8/8")
    return shard, shards


def _from_matrix(shards: int, environ: Mapping[str, str]) -> tuple[int, int]:
    """Return this job's place in its matrix, when the matrix has no axis but the shards; without a matrix 1 of 1."""
    hint = "say shard: 2/8, from the matrix; the first shard is 1"
    axes = json.loads(environ.get("XDIST_CI_MATRIX") or "null")  # GitHub's own toJSON(matrix)
    index, total = environ.get("XDIST_CI_JOB_INDEX", ""), environ.get("XDIST_CI_JOB_TOTAL", "")
    alone = not axes and total == "1"
    if not alone and (not isinstance(axes, dict) or axes.keys() != {"shard"}):
        found = (isinstance(axes, dict) and ", ".join(map(str, axes))) or "none"
        raise UsageError(
            f"which shard is this? only an axis `shard` says it by itself; the matrix has: {found}", hint=hint
        )
    if not index.isdecimal() or not total.isdecimal():
        raise UsageError("which shard is this? the runner doesn't say the job's place in the matrix", hint=hint)
    if shards not in (0, int(total)):
        raise UsageError(f"input shards is {shards}, the matrix has {total} jobs", hint="leave shards out")
    return int(index) + 1, int(total)


def _whole(name: str, value: str) -> int:
    """Return a number of shards, 0 for none."""
    if value and not (value.isdecimal() and 1 <= int(value) <= MAX_SHARDS):
        raise UsageError(f"input {name} is {value!r}", hint=f"it is a number from 1 to {MAX_SHARDS}")
    return int(value) if value else 0
