"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

from ci_tools.cli.talk import say
from ci_tools.formats import durations_json
from ci_tools.formats.plan_json import MAX_SHARDS
from ci_tools.model.cost import usd_of
from ci_tools.model.errors import UsageError
from ci_tools.model.words import count
from ci_tools.store.files import read_text

DURATIONS = Path(".test_durations")  # pytest-split's default too
QUARANTINE = Path(".ci-tools/quarantine.yml")
HISTORY = Path(".ci-tools/history.sqlite")
MAX_WORKERS = 1024
DEFAULT_WORKERS = 4  # what GitHub's standard runners have

_MORE_THAN_ONE = re.compile(r"[|&;<>#\n]")
# What only a shell understands; a `=` before the first blank sets a variable.
_NEEDS_SHELL = re.compile(r"[|&;<>()$`\\*?\[\]{}~#!\n]|^\s*\w+=")


def number(least: int, most: int, what: str) -> Callable[[str], int]:
    """Return an argparse type: an integer in a range, named in the refusal."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no {what}: wanted {least} to {most}")
        return value

    return read


SHARDS = number(1, MAX_SHARDS, "number of shards")
WORKERS = number(1, MAX_WORKERS, "number of workers")


def seconds(text: str) -> float:
    """Read a number ≥ 0, fractions included; an argparse type, for minutes too."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number ≥ 0")
    return value


def usd(text: str) -> Decimal:
    """Read an amount of money; an argparse type."""
    amount = usd_of(text)
    if amount is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no price in USD: wanted one like 0.006")
    return amount


def shard_of(text: str) -> tuple[int, int]:
    """Read `2/8`; an argparse type."""
    index, slash, total = text.partition("/")
    if not (slash and index.isdecimal() and total.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no shard: wanted one like 2/8")
    shard, shards = int(index), int(total)
    if shards > MAX_SHARDS:
        raise argparse.ArgumentTypeError(f"{shards} shards are too many: at most {MAX_SHARDS}")
    if not 1 <= shard <= shards:
        raise argparse.ArgumentTypeError(f"there is no shard {shard} of {shards}: the first is 1/{shards or 1}")
    return shard, shards


def read_durations(path: Path | None, *, default: Path = DURATIONS) -> Mapping[str, float]:
    """Return recorded seconds by node id; of the default file, nothing when it isn't there."""
    if path is None:
        if not default.is_file():
            say(f"no {default}: planning by the number of tests")
            return {}
        path = default
    text = read_text(path, hint="leave --durations out to plan by the number of tests")
    durations_s = durations_json.loads(text, source=str(path))
    say(f"{path}: recorded times of {count(len(durations_s), 'test')}")
    return durations_s


def command_or_default(command: tuple[str, ...]) -> tuple[str, ...]:
    """Return the user's command, else `python -m pytest` with the python on PATH, else ours."""
    if command:
        return command
    python = next((name for name in ("python", "python3") if shutil.which(name)), sys.executable)
    return python, "-m", "pytest"


def command_of(command: tuple[str, ...], line: str, arguments: str) -> tuple[str, ...]:
    """Return the command to run: given behind `--`, or as a line for the shell, and more arguments.

    A line without anything for a shell to do is run without one, and the shell is GitHub's: `bash
    -eo pipefail`. Arguments are split as a shell does, and nothing in them is ever expanded.
    UsageError for both at once, for a quote that isn't closed, and for arguments that would end up
    elsewhere than at pytest.
    """
    if command and line:
        raise UsageError("the command is given twice, by --pytest and behind --", hint="leave one of them out")
    if arguments and _MORE_THAN_ONE.search(line):
        raise UsageError("--args: it is unclear which command of the line they are for", hint="put them into the line")
    try:
        more = tuple(shlex.split(arguments))
        if _NEEDS_SHELL.search(line):
            script = (f'{line} "$@"', "bash", *more) if more else (line,)
            return "bash", "-eo", "pipefail", "-c", *script
        return command_or_default(command or tuple(shlex.split(line))) + more
    except ValueError as error:
        raise UsageError(f"--pytest or --args: {str(error).lower()}", hint="quote it as in a shell") from None


def add_working_directory(parser: argparse.ArgumentParser) -> None:
    """Declare where the command works."""
    parser.add_argument(
        "--working-directory",
        type=Path,
        metavar="DIR",
        help="work there, as if called there: paths are relative to it",
    )


def enter_working_directory(args: argparse.Namespace) -> None:
    """Go where `--working-directory` says; UsageError when there is no such directory."""
    if args.working_directory is None:
        return
    try:
        os.chdir(args.working_directory)
    except OSError as error:
        raise UsageError(
            f"{args.working_directory}: {error.strerror}", hint="--working-directory is where pytest is called"
        ) from None
