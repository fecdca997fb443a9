"""`ci-tools audit`: what in a suite's source keeps its tests from running in parallel."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from ci_tools import __version__
from ci_tools.audit.catalog import cards_of
from ci_tools.audit.outputs.annotations import annotations_of
from ci_tools.audit.outputs.as_json import as_json
from ci_tools.audit.outputs.markdown import as_markdown
from ci_tools.audit.outputs.sarif import sarif
from ci_tools.audit.outputs.text import Line, as_text, summary, text_lines
from ci_tools.audit.rules import RULES, documentation_of, name_of
from ci_tools.audit.settings import FAIL_ON, fails
from ci_tools.cli.audited import BASELINE, Audited, Request, audited, write_baseline
from ci_tools.cli.options import WORKERS, number
from ci_tools.cli.talk import error, say
from ci_tools.github.guard import send
from ci_tools.github.outputs import annotation_line
from ci_tools.model.errors import BUG, NO, UNJUDGED, YES, UsageError
from ci_tools.model.words import count
from ci_tools.store.files import write_text

TAKES_COMMAND = True  # of --dynamic
EXAMPLES = """\
examples:
  ci-tools audit                                    the tests of this project
  ci-tools audit tests/unit --select CIT0,CIT102
  ci-tools audit --format sarif --out audit.sarif   for GitHub's code scanning
  ci-tools audit --write-baseline                   from now on only new findings fail
  ci-tools audit --diff                             what --fix would change
  ci-tools audit --explain CIT001                   one rule: what is wrong, and what to do
  ci-tools audit --dynamic -- pytest -q             run the suite, and watch what its tests touch

A comment on a line, or alone on the line above, ignores a rule there:
  # ci-tools: ignore[CIT001] reason
"""
STATIC_ALONE = ("select", "ignore", "baseline", "write-baseline", "suppressed", "fix", "diff")
SAY_NO_MORE = ("diff", "write-baseline")
FORMATS = ("text", "json", "markdown", "sarif", "github")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="test files and directories (default: what pytest would collect)"
    )
    parser.add_argument("--select", metavar="RULES", help="only these, by id or its beginning: CIT001,CIT2")
    parser.add_argument("--ignore", metavar="RULES", help="all but these")
    parser.add_argument("--format", choices=FORMATS, default="text", help="of what is said (default: text)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: printed")
    parser.add_argument("--fail-on", choices=FAIL_ON, help="the least severity that fails (default: medium)")
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help=f"findings that are known (default: {BASELINE}, if it is there)"
    )
    parser.add_argument("--write-baseline", action="store_true", help="write down what is found as known")
    parser.add_argument("--suppressed", action="store_true", help="sarif: what was set aside, too")
    parser.add_argument("--fix", action="store_true", help="fix what has one right fix, and show the changes")
    parser.add_argument("--diff", action="store_true", help="show what --fix would change, and nothing else")
    parser.add_argument("--list", action="store_true", help="print all rules")
    parser.add_argument("--explain", metavar="RULE", help="print a rule's documentation")
    parser.add_argument("--dynamic", action="store_true", help="run the command behind --, and watch what tests touch")
    _configure_dynamic(parser.add_argument_group("with --dynamic"))


def _configure_dynamic(parser: argparse._ActionsContainer) -> None:
    runs, times, pairs = number(1, 100, "number of runs"), number(0, 1000, "number of replays"), number(1, 100, "pairs")
    seeds = number(0, 10**9, "seed")
    parser.add_argument(
        "--runs", type=runs, default=2, metavar="N", help="runs to watch: in order, then at random (default: 2)"
    )
    parser.add_argument("--workers", type=WORKERS, default="2", metavar="W", help="pytest-xdist's -n (default: 2)")
    parser.add_argument("--seed", type=seeds, default=1, metavar="S", help="of the first random order (default: 1)")
    parser.add_argument(
        "--confirm", type=times, default=10, metavar="K", help="replays of each pair, 0: none (default: 10)"
    )
    parser.add_argument("--pairs", type=pairs, default=5, metavar="N", help="pairs to replay (default: 5)")
    parser.add_argument(
        "--trials", type=Path, default=Path(".ci-tools/audit"), metavar="DIR", help="of the runs (default: %(default)s)"
    )
    parser.add_argument("--resume", action="store_true", help="go on with the runs that are in DIR")


def run(args: argparse.Namespace) -> int:
    """Print what is found; 1 if something is as bad as --fail-on, 3 if a test file can't be read."""
    if args.list:
        print(_list(), end="")
        return YES
    if args.explain is not None:
        print(_explain(args.explain))
        return YES
    _refuse_what_does_not_go_together(args)
    if args.dynamic:
        from ci_tools.cli import audit_dynamic  # it imports what runs tests, pytest included

        return audit_dynamic.run(args)
    request = _request(args)
    found = audited(request, cwd=Path.cwd())
    if args.diff:
        return _diff(found)
    if args.fix:
        found = _fixed(found, request, shows=args.format == "text" and args.out is None)
    if args.write_baseline:
        number = write_baseline(found)
        say(f"written: {os.path.relpath(found.baseline)}, {count(number, 'known finding')}")
        return YES
    _say(found, args.format, args.out, suppressed=args.suppressed)
    return _exit_code(found)


def _refuse_what_does_not_go_together(args: argparse.Namespace) -> None:
    static = [name for name in STATIC_ALONE if getattr(args, name.replace("-", "_"))]
    if args.dynamic:
        if static:
            raise UsageError(f"--{static[0]} is for the audit of the source", hint="leave it out, or --dynamic")
        return
    given = ["a command"] if args.command else [f"--{name}" for name in _given_for_dynamic(args)]
    if given:
        raise UsageError(f"{given[0]} is for --dynamic", hint="leave it out, or add --dynamic in front of --")
    silent = [name for name in SAY_NO_MORE if name in static]
    if silent and (len(silent) > 1 or args.out is not None or args.format != "text"):
        hint = "leave --out and --format out" if len(silent) == 1 else f"leave --{silent[1]} out"
        raise UsageError(f"--{silent[0]} does nothing else", hint=hint)
    if args.suppressed and args.format != "sarif":
        raise UsageError("--suppressed is for --format sarif", hint="--format json has what was set aside, too")
    if args.format == "github" and args.out is not None:
        hint = "leave --out out, or choose another format"
        raise UsageError("--format github is said to the runner, not written to a file", hint=hint)


def _given_for_dynamic(args: argparse.Namespace) -> list[str]:
    parser = argparse.ArgumentParser()
    _configure_dynamic(parser)
    defaults = vars(parser.parse_args([]))
    return [name for name, default in defaults.items() if getattr(args, name) != default]


def _request(args: argparse.Namespace) -> Request:
    return Request(
        paths=tuple(args.paths),
        select=_words(args.select),
        ignore=_words(args.ignore),
        fail_on=args.fail_on or "",
        baseline=args.baseline,
        ignores_baseline=args.write_baseline,
    )


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",")) if text is not None else ()


def _diff(found: Audited) -> int:
    """Print what --fix would change; 1 if that is anything."""
    from ci_tools.cli import audit_fix  # libcst takes longer to import than most audits to run

    files = audit_fix.mended(found.judged, found.rootdir)
    audit_fix.show(files)
    audit_fix.tell(files, done=False)
    return NO if any(one.fixed.applied for one in files) else YES


def _fixed(found: Audited, request: Request, *, shows: bool) -> Audited:
    """Fix what can be fixed; return what is left."""
    from ci_tools.cli import audit_fix

    files = audit_fix.mended(found.judged, found.rootdir)
    audit_fix.write(files)
    if shows:
        audit_fix.show(files)
    audit_fix.tell(files, done=True)
    return audited(request, cwd=Path.cwd()) if any(one.fixed.applied for one in files) else found


def _say(found: Audited, format: str, out: Path | None, *, suppressed: bool) -> None:
    if format == "github":
        _annotate(found)
    elif format == "text" and out is None:
        _print(text_lines(found.judged))
    else:
        _write(_rendered(found, format, suppressed=suppressed), out)


def _rendered(found: Audited, format: str, *, suppressed: bool) -> str:
    judged = found.judged
    if format == "sarif":
        aside = judged.aside if suppressed else ()
        paths = {finding.span.path for finding in (*judged.findings, *(one.finding for one in aside))}
        return sarif(
            judged.findings,
            cards_of(judged.rules),
            version=__version__,
            prefix=_prefix(found.rootdir),
            texts=_texts(found.rootdir, paths),
            aside=aside,
            remarks=judged.remarks,
        )
    if format == "text":
        return as_text(text_lines(judged))
    return as_json(judged) if format == "json" else as_markdown(judged)


def _texts(rootdir: Path, paths: Iterable[str]) -> dict[str, str]:
    """Return files as GitHub reads them for its fingerprints, without those that have gone meanwhile."""
    texts = {}
    for path in paths:
        with contextlib.suppress(OSError):
            texts[path] = (rootdir / path).read_bytes().decode("utf-8", "replace")
    return texts


def _prefix(rootdir: Path) -> str:
    """Return rootdir's place in the repository, "" where it is its root, or there is none."""
    root = next((above for above in (rootdir, *rootdir.parents) if (above / ".git").exists()), rootdir)
    return "" if root == rootdir else rootdir.relative_to(root).as_posix()


def _annotate(found: Audited) -> None:
    """Say it to GitHub's runner; in the log, too, how many there are."""
    judged = found.judged
    for one in annotations_of(judged.findings, judged.remarks, prefix=_prefix(found.rootdir)):
        send(annotation_line(one.level, one.message, file=one.file, line=one.line, title=one.title))
    print(summary(judged))


def _print(lines: Iterable[Line]) -> None:
    """Print with colours on a terminal, without elsewhere."""
    if not sys.stdout.isatty():
        print(as_text(lines), end="")
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(*line))


def _write(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
        return
    write_text(out, text)
    say(f"written: {out}")


def _exit_code(found: Audited) -> int:
    for failed in found.errors:
        error(f"{failed.rule} failed, a bug in ci-tools: {failed.error}", hint="please report it")
    if fails(found.judged.findings, found.settings) or (found.settings.strict and found.judged.has_housekeeping):
        return NO
    if found.unread_tests:
        say(f"{count(len(found.unread_tests), 'test file')} can't be read, and so not be judged")
        return UNJUDGED
    return BUG if found.errors else YES


def _list() -> str:
    width = max(len(name_of(rule)) for rule in RULES)
    return "".join(
        f"{rule}  {name_of(rule):{width}}  {documentation_of(rule).partition(chr(10))[0]}\n" for rule in RULES
    )


def _explain(rule: str) -> str:
    if rule.upper() not in RULES:
        raise UsageError(f"no rule {rule!r}", hint="`ci-tools audit --list` prints them")
    return documentation_of(rule.upper())
