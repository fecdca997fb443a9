"""`ci-tools init`: write a starter workflow into a user's repository."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path

import ci_tools
from ci_tools.cli.talk import say
from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.store.files import read_text, write_text

# starter → its file's name in .github/workflows
STARTERS = {
    "sharded": "tests.yml",
    "simple": "tests.yml",
    "fork-comment": "fork-comment.yml",
    "durations": "durations.yml",
}
EXAMPLES = """\
examples:
  ci-tools init                   plan, shards, merge: .github/workflows/tests.yml
  ci-tools init simple            without a plan job
  ci-tools init fork-comment      beside it: comments on pull requests from forks
  ci-tools init durations         beside it: fresh recorded times every night
  ci-tools init --dry-run         only show what would be written
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "starter", nargs="?", choices=STARTERS, default="sharded", metavar="STARTER", help=f"{', '.join(STARTERS)}"
    )
    parser.add_argument("--directory", type=Path, default=Path(), metavar="DIR", help="the repository (default: here)")
    parser.add_argument("--dry-run", action="store_true", help="write nothing")


def run(args: argparse.Namespace) -> int:
    """Write the workflow and print the diff; a file of other content is never overwritten."""
    if not (args.directory / ".git").exists():
        raise UsageError(f"{args.directory.absolute()} is no git repository's top", hint="go there, or say --directory")
    path: Path = args.directory / ".github" / "workflows" / STARTERS[args.starter]
    text = read_text(starters() / f"{args.starter}.yml")
    if path.exists() or path.is_symlink():
        if path.is_file() and read_text(path) == text:
            say(f"{path} is there already, and the same")
            return 0
        raise CiToolsError(
            f"{path} is there already, and different", hint="move it away; `git diff` then shows the change"
        )
    lines = difflib.unified_diff([], text.splitlines(keepends=True), "/dev/null", path.as_posix())
    print("".join(lines), end="")
    if not args.dry_run:
        write_text(path, text)
        say(f"wrote {path}: adjust what its comments number, then check with `ci-tools doctor`")
    return 0


def starters() -> Path:
    """Return where the starters lie: in an installed package, else in the checkout."""
    package = Path(ci_tools.__file__).parent
    installed = package / "starters"
    return installed if installed.is_dir() else package.parent / "workflows"
