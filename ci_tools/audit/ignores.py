"""Comments that ignore findings: `# ci-tools: ignore[CIT001, CIT002] reason`."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ci_tools.audit.finding import Finding
from ci_tools.audit.judged import About, By, Remark, SetAside

_WORD = re.compile(r"#\s*ci-tools:\s*ignore\b")  # a file without it needs no look at its tokens
_IGNORE = re.compile(r"#\s*ci-tools:\s*ignore\b\s*(?:\[([^\]]*)\])?[\s:—–-]*")
_OTHER = re.compile(r"(?<!\S)#\s")  # another tool's comment may follow, as behind any: `… ours  # type: ignore`
_NOT_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
_WANTED = "name the rules: `# ci-tools: ignore[CIT001] reason`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """One comment: the line it stands on, the lines it holds for, its rules as written, its reason."""

    line: int
    lines: frozenset[int]
    rules: tuple[str, ...]
    reason: str

    def holds(self, finding: Finding) -> bool:
        """Return whether the comment ignores a finding of its file."""
        return finding.rule in self.rules and not self.lines.isdisjoint((finding.span.line, finding.span.end_line))


def ignores_in(text: str) -> tuple[Ignore, ...]:
    """Return a file's comments that ignore something, in order; none of a file that is no Python.

    At the end of a line a comment holds for that line, and for the whole statement where the line is its first or
    last one. Alone on its line it holds for the line below; so do several, one below the other. What only looks like
    a comment, in a string, is none.
    """
    if not _WORD.search(text):
        return ()
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text, newline=None).readline))
    except (tokenize.TokenError, SyntaxError):
        return ()
    code = {line for token in tokens if token.type not in _NOT_CODE for line in _lines(token)}
    comments = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
    statements = _statements(tokens)
    found = []
    for line, comment in comments.items():
        match = _IGNORE.search(comment)
        if match:
            meant = _line_meant(line, code, comments)
            rules = tuple(rule.strip() for rule in (match[1] or "").split(","))
            lines = frozenset({meant, *statements.get(meant, ())})
            found.append(Ignore(line=line, lines=lines, rules=rules, reason=_reason(comment, match.end())))
    return tuple(found)


def _reason(comment: str, start: int) -> str:
    other = _OTHER.search(comment, start)
    return comment[start : other.start() if other else None].strip()


def _lines(token: tokenize.TokenInfo) -> range:
    return range(token.start[0], token.end[0] + 1)


def _statements(tokens: Iterable[tokenize.TokenInfo]) -> dict[int, range]:
    """Return the lines of each statement by its first line and by its last; of a block its head alone."""
    found: dict[int, range] = {}
    first = 0
    for token in tokens:
        if token.type == tokenize.NEWLINE and first:
            found[first] = found[token.start[0]] = range(first, token.start[0] + 1)
            first = 0
        elif token.type not in _NOT_CODE and not first:
            first = token.start[0]
    return found


def _line_meant(line: int, code: Collection[int], comments: Collection[int]) -> int:
    """Return the comment's own line, or, where it is alone, the first one below that isn't a comment's too."""
    while line not in code and line in comments:
        line += 1
    return line


def set_aside(
    findings: Iterable[Finding], ignores: Mapping[str, Sequence[Ignore]], *, strict: bool = False
) -> tuple[list[Finding], list[SetAside]]:
    """Split findings into those that count and those that comments ignore; `ignores` are by path.

    With `strict` a comment without a reason ignores nothing.
    """
    counted, aside = [], []
    for finding in findings:
        holding = [ignore for ignore in ignores.get(finding.span.path, ()) if ignore.holds(finding)]
        reasons = [ignore.reason for ignore in holding if ignore.reason or not strict]
        if reasons:
            aside.append(SetAside(finding=finding, by=By.COMMENT, reason=reasons[0]))
        else:
            counted.append(finding)
    return counted, aside


def no_good(
    findings: Iterable[Finding],
    ignores: Mapping[str, Sequence[Ignore]],
    *,
    rules: Collection[str],
    known: Collection[str],
    strict: bool = False,
) -> Iterator[Remark]:
    """Iterate over what is wrong with comments: no such rule, no reason where `strict`, nothing there to ignore.

    `findings` are all. `rules` are those that were looked for: of others nobody knows whether a comment is needed.
    `known` are all that there are.
    """
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.span.path, []).append(finding)
    for path, listed in ignores.items():
        for ignore in listed:
            used = {finding.rule for finding in by_path.get(path, ()) if ignore.holds(finding)}
            unused = {rule for rule in ignore.rules if rule in rules} - used
            yield from (_remark(path, ignore, *problem) for problem in _problems(ignore, unused, known, strict))


_Problem = tuple[About, str, str]


def _problems(ignore: Ignore, unused: Collection[str], known: Collection[str], strict: bool) -> Iterator[_Problem]:
    for rule in ignore.rules:
        if not rule:
            yield About.MALFORMED, "the comment ignores no rule", _WANTED
        elif rule not in known:
            yield About.MALFORMED, f"the comment ignores {rule!r}, and there is no such rule", _WANTED
        elif rule in unused:
            yield About.UNUSED, f"the comment ignores {rule}, which isn't found here", "remove it"
        elif strict and not ignore.reason:
            yield About.NO_REASON, f"the comment gives no reason to ignore {rule}", "say it behind the `]`"


def _remark(path: str, ignore: Ignore, about: About, fact: str, fix: str) -> Remark:
    return Remark(about=about, path=path, line=ignore.line, fact=fact, fix=fix)
