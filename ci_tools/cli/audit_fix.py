"""`ci-tools audit --fix` and `--diff`: what has one right fix is fixed, or shown."""

from __future__ import annotations

import difflib
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ci_tools.audit.finding import Finding
from ci_tools.audit.fix import FIXABLE, Fixed, Refused, fix
from ci_tools.audit.judged import By, Judged
from ci_tools.cli.talk import say
from ci_tools.model.words import count
from ci_tools.report.terminal import shown
from ci_tools.store.files import write_text

CHARS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A file's text before, and what has become of it; `file` is where it really lies."""

    path: str
    file: Path
    before: str
    fixed: Fixed


def mended(judged: Judged, rootdir: Path) -> list[Mended]:
    """Return the files with findings that can be fixed, by path, nothing written; those of the baseline count, too."""
    known = [one.finding for one in judged.aside if one.by is By.BASELINE]
    fixable = [finding for finding in (*judged.findings, *known) if finding.rule in FIXABLE]
    fixable.sort(key=lambda finding: (finding.span.path, finding.span.line, finding.span.column))
    by_path = groupby(fixable, lambda finding: finding.span.path)
    return [_mended(path, list(of_file), rootdir) for path, of_file in by_path]


def _mended(path: str, findings: Sequence[Finding], rootdir: Path) -> Mended:
    file = (rootdir / path).resolve()
    if not file.is_relative_to(rootdir.resolve()):
        return _refused(path, file, findings, "the file lies outside of the project")
    try:
        before = file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return _refused(path, file, findings, "the file can't be read as UTF-8")
    return Mended(path=path, file=file, before=before, fixed=fix(before, findings))


def _refused(path: str, file: Path, findings: Sequence[Finding], reason: str) -> Mended:
    refused = tuple(Refused(finding=finding, reason=reason) for finding in findings)
    return Mended(path=path, file=file, before="", fixed=Fixed(text="", refused=refused))


def write(files: Sequence[Mended]) -> None:
    """Write what has changed, each file whole or not at all, with the permissions that it had."""
    for one in files:
        if one.fixed.applied:
            mode = stat.S_IMODE(one.file.stat().st_mode)
            write_text(one.file, one.fixed.text)
            os.chmod(one.file, mode)


def show(files: Sequence[Mended]) -> None:
    """Print a patch of what changes; on a terminal, nothing in it is taken for a command."""
    for line in (line for one in files if one.fixed.applied for line in _patch(one)):
        sys.stdout.write(f"{shown(line[:-1], CHARS)}\n" if sys.stdout.isatty() else line)


def _patch(one: Mended) -> Iterator[str]:
    names = f"a/{shown(one.path, CHARS)}", f"b/{shown(one.path, CHARS)}"
    for line in difflib.unified_diff(_lines(one.before), _lines(one.fixed.text), *names):
        yield line if line.endswith("\n") else f"{line}\n"
        if not line.endswith("\n"):
            yield "\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    *whole, last = text.split("\n")
    return [f"{line}\n" for line in whole] + ([last] if last else [])


def tell(files: Sequence[Mended], *, done: bool) -> None:
    """Say how much was fixed, and what wasn't, and why."""
    applied = sum(len(one.fixed.applied) for one in files)
    changed = sum(1 for one in files if one.fixed.applied)
    say(f"{'fixed' if done else 'would fix'}: {count(applied, 'finding')} in {count(changed, 'file')}")
    for refused in (refused for one in files for refused in one.fixed.refused):
        span, rule = refused.finding.span, refused.finding.rule
        say(f"not fixed: {shown(span.path, CHARS)}:{span.line}: {rule}: {shown(refused.reason, CHARS)}")
