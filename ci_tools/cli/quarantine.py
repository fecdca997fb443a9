"""`ci-tools quarantine`: let a test fail for now, and look after those that may."""

from __future__ import annotations

import argparse
import json
import re
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from ci_tools.cli.options import HISTORY, QUARANTINE
from ci_tools.cli.talk import say
from ci_tools.history.past import read_past
from ci_tools.history.quarantine import MAX_BYTES, read_quarantine
from ci_tools.history.quarantine_edit import with_entry, without_entry
from ci_tools.model.bundle import DEFAULT_KEY
from ci_tools.model.errors import NO, YES, CiToolsError, UsageError
from ci_tools.model.quarantine import Entry, Problem, Quarantine, stale
from ci_tools.model.verdict import Past
from ci_tools.model.words import count
from ci_tools.report.terminal import shown
from ci_tools.store.files import read_text
from ci_tools.store.shared import change_text

EXAMPLES = """\
examples:
  ci-tools quarantine add 'tests/test_a.py::test_b[1]' --reason 'races with the clock' --owner @ann --expires 30d
  ci-tools quarantine add --glob 'tests/slow/*' --reason 'new disk' --owner @ops --expires 2099-12-31 --issue '#12'
  ci-tools quarantine remove 'tests/test_a.py::test_b[1]'
  ci-tools quarantine list
  ci-tools quarantine check --history .ci-tools/history.sqlite
"""
FORMAT = "xdist-ci/quarantine"
VERSION = 1
_DAYS = re.compile(r"([0-9]{1,4})d")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what can be done, and the options of each."""
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _configure_add(actions.add_parser("add", help="quarantine a test, or those that a glob is about"))
    remove = actions.add_parser("remove", help="take an entry out")
    remove.add_argument("pattern", metavar="ID", help="the test's node id, or the glob")
    remove.add_argument("--glob", action="store_true", help="ID is a glob")
    _configure_file(remove)
    listing = actions.add_parser("list", help="print the entries that hold")
    check = actions.add_parser("check", help="name what is wrong, and what nobody needs any more")
    for reader in (listing, check):
        reader.add_argument("--format", choices=("text", "json"), default="text", help="of what is printed")
        _configure_file(reader)
    check.add_argument("--history", type=Path, metavar="FILE", help=f"default: {HISTORY} if it is there")
    check.add_argument("--key", default=DEFAULT_KEY, help=f"what history keeps the runs under (default: {DEFAULT_KEY})")
    check.add_argument("--base", default="main", metavar="NAME", help="the branch whose runs count (default: main)")


def _configure_add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pattern", metavar="ID", help="the test's node id; with --glob one with `*` and `?` in it")
    parser.add_argument("--glob", action="store_true", help="ID is a glob: `*` is any text, `?` any character")
    parser.add_argument("--reason", required=True, help="why it may fail")
    parser.add_argument("--owner", required=True, help="who looks after it")
    parser.add_argument("--expires", required=True, metavar="DATE", help="the last day: 2026-12-31, or 30d from today")
    parser.add_argument("--issue", default="", help="an http(s) URL, or one like #12")
    _configure_file(parser)


def _configure_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--file", type=Path, default=QUARANTINE, metavar="FILE", help=f"default: {QUARANTINE}")


def run(args: argparse.Namespace) -> int:
    """Do what the action says. `check` is 1 when something is wrong; what is stale is named alone."""
    today = datetime.now(timezone.utc).date()
    if args.action == "add":
        return _add(args, today)
    if args.action == "remove":
        return _remove(args)
    quarantine = _read(args.file, today)
    if args.action == "list":
        print(_as_json(quarantine) if args.format == "json" else _table(quarantine), end="")
        return YES
    past = _past(args.history, args.key, args.base)
    notes = stale(quarantine, past, {n for n, test in past.tests.items() if test.outcome} if past.base else None)
    print(_as_json(quarantine, notes) if args.format == "json" else _findings(quarantine, notes), end="")
    return NO if quarantine.problems else YES


def _add(args: argparse.Namespace, today: date) -> int:
    entry = Entry(
        pattern=args.pattern,
        is_glob=args.glob,
        reason=args.reason,
        owner=args.owner,
        since=today,
        expires=_last_day(args.expires, today),
        issue=args.issue,
    )

    def with_it(text: str | None) -> str:
        return with_entry(text or "", entry, path=str(args.file), today=today)

    change_text(args.file, with_it, max_bytes=MAX_BYTES)
    say(f"{args.file}: {shown(entry.pattern)} may fail until {entry.expires}")
    return YES


def _remove(args: argparse.Namespace) -> int:
    _text_of(args.file)  # says so when it isn't there

    def without_it(text: str | None) -> str:
        return without_entry(text or "", args.pattern, is_glob=args.glob, path=str(args.file))

    change_text(args.file, without_it, max_bytes=MAX_BYTES)
    say(f"{args.file}: {shown(args.pattern)} is out")
    return YES


def _last_day(text: str, today: date) -> date:
    """Return the day that `2026-12-31` or `30d` means; UsageError for anything else."""
    try:
        if days := _DAYS.fullmatch(text):
            return today + timedelta(days=int(days[1]))
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except (ValueError, OverflowError):
        pass
    raise UsageError(f"--expires: {text!r} is no day", hint="say one like 2026-12-31, or 30d for 30 days from today")


def _text_of(path: Path) -> str:
    return read_text(path, max_bytes=MAX_BYTES, hint="make one with `ci-tools quarantine add`")


def _read(path: Path, today: date) -> Quarantine:
    if path == QUARANTINE and not path.exists():
        say(f"no {path}: nothing is quarantined")
        return Quarantine(path=str(path))
    return read_quarantine(_text_of(path), path=str(path), today=today)


def _past(path: Path | None, key: str, base: str) -> Past:
    """Return what history knows; nothing when no file is named and the default one isn't there."""
    if path is None:
        return read_past(HISTORY, key=key, base_branch=base, sha="", run_id=0)
    if not path.exists():
        raise CiToolsError(f"no such file: {path}", hint="`ci-tools merge --history` makes one")
    return read_past(path, key=key, base_branch=base, sha="", run_id=0)


def _table(quarantine: Quarantine) -> str:
    """Return a line per entry, and a last one that counts them."""
    rows = [
        f"{entry.expires}  {shown(entry.pattern)}  {shown(entry.reason)} ({shown(entry.owner)})"
        + (f" {shown(entry.issue)}" if entry.issue else "")
        for entry in quarantine.entries
    ]
    return "\n".join([*rows, _summary(quarantine)]) + "\n"


def _findings(quarantine: Quarantine, notes: tuple[Problem, ...]) -> str:
    found = sorted((*quarantine.problems, *notes), key=lambda problem: problem.line)
    rows = [f"{quarantine.path}:{problem.line}: {shown(problem.text, 400)}" for problem in found]
    return "\n".join([*rows, _summary(quarantine, notes)]) + "\n"


def _summary(quarantine: Quarantine, notes: tuple[Problem, ...] = ()) -> str:
    parts = [f"{count(len(quarantine.entries), 'entry', 'entries')} of {quarantine.path}"]
    parts += [count(len(quarantine.problems), "problem")] if quarantine.problems else []
    return ", ".join([*parts, *([f"{len(notes):,} stale"] if notes else [])])


def _as_json(quarantine: Quarantine, notes: tuple[Problem, ...] = ()) -> str:
    document = {
        "format": FORMAT,
        "version": VERSION,
        "path": quarantine.path,
        "entries": [_document(entry) for entry in quarantine.entries],
        "problems": [{"line": problem.line, "text": problem.text} for problem in quarantine.problems],
        "stale": [{"line": note.line, "text": note.text} for note in notes],
    }
    return json.dumps(document, indent=2) + "\n"


def _document(entry: Entry) -> dict[str, object]:
    return {
        "glob" if entry.is_glob else "id": entry.pattern,
        "reason": entry.reason,
        "owner": entry.owner,
        "since": entry.since.isoformat(),
        "expires": entry.expires.isoformat(),
        "issue": entry.issue,
        "line": entry.line,
    }
