"""Shell scripts → commands, as far as it takes to see which of them run pytest, and with what.

Not a shell: quotes, comments, continued lines and separators are understood, what a variable holds is not.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from ci_tools.doctor.expressions import as_word

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_SEPARATORS = frozenset({";", "&&", "||", "|", "&", "(", ")", ";;", "|&"})
_KEYWORDS = frozenset({"if", "then", "else", "elif", "while", "until", "do", "!", "{", "time", "exec", "env", "sudo"})
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# After these words, `pytest` is a package's name or a text.
_PACKAGING = _set("install uninstall add remove sync lock update upgrade download wheel pip pip3 apt apt-get brew")
_SHELL = _set("echo printf grep which export unset cat cp mv rm ls cd test [ [[ git curl command type")
_NAMING = _set("--with --with-editable --extra --group --only-group --package --from -e -E -s --env --session")
_FOREIGN = _set("npm npx pnpm yarn node bun bunx deno vitest jest playwright cypress go cargo ctest dotnet mvn gradle")
_FOREIGN |= _set("gradlew bazel bundle rspec rails phpunit")
_RUNNERS = ("pytest", "tox", "nox")
_ALIASES = {"py.test": "pytest"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command. `line` counts from 1 in its script; expressions have lost their blanks: `${{matrix.shard}}`.

    `runner` is pytest, tox or nox, else empty; `arguments` are what follows it (of tox and nox: behind `--`).
    """

    words: tuple[str, ...]
    line: int
    env: tuple[tuple[str, str], ...] = ()
    runner: str = ""
    arguments: tuple[str, ...] = ()
    directory: str = ""

    @property
    def is_foreign(self) -> bool:
        """Whether it is another language's."""
        return any(name_of(word) in _FOREIGN for word in self.words[:4])

    @property
    def runs_nothing(self) -> bool:
        """Whether it is about packages, or the shell's own, and can run no test."""
        return self.words[0] in _SHELL or any(word in _PACKAGING for word in self.words[:3])


def commands(script: str) -> Iterator[Command]:
    """Iterate over a script's commands, those within `sh -c "…"` included."""
    directory = ""
    for line, text in _logical_lines(script):
        for words in _split(_words(text)):
            for command in _commands(words, line):
                if command.words[0] == "cd" and len(command.words) == 2:
                    directory = command.words[1]
                yield replace(command, directory=directory)


def name_of(word: str) -> str:
    """Return a command's name without its directory: `.venv/bin/pytest` → `pytest`."""
    name = PurePosixPath(word).name
    return _ALIASES.get(name, name)


def value_of(arguments: Sequence[str], *names: str) -> str | None:
    """Return an option's last value (`--group 2`, `--group=2`, `-n2`), None where it isn't given."""
    found = None
    for index, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name in names:
            found = value if equals else next(iter(arguments[index + 1 : index + 2]), "")
        for short in names:
            if len(short) == 2 and word.startswith(short) and len(word) > 2 and not word.startswith("--"):
                found = word[2:].removeprefix("=")
    return found


def has(arguments: Sequence[str], *names: str) -> bool:
    """Return whether one of these options is given, with a value or without."""
    return any(word.partition("=")[0] in names for word in arguments)


def _logical_lines(script: str) -> Iterator[tuple[int, str]]:
    """Iterate over (line, text) with continued lines joined and expressions made one word."""
    start, pending = 0, ""
    for number, text in enumerate(as_word(script).split("\n"), 1):
        start = start or number
        if text.rstrip().endswith(("\\", "`")):
            pending += text.rstrip()[:-1] + " "
            continue
        yield start, pending + text
        start, pending = 0, ""
    if pending:
        yield start, pending


def _words(text: str) -> list[str]:
    text = _COMMENT.sub("", text)
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|()")
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        return list(lexer)
    except ValueError:  # a quote that ends in another line
        return text.replace('"', " ").replace("'", " ").split()


def _split(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    own: list[str] = []
    for word in [*words, ";"]:
        if word not in _SEPARATORS:
            own.append(word)
        elif own:
            yield tuple(own)
            own = []


def _commands(words: tuple[str, ...], line: int) -> Iterator[Command]:
    words = _without_keywords(words)
    env = []
    while words and (assignment := _ASSIGNMENT.fullmatch(words[0])):
        env.append((assignment.group(1), assignment.group(2)))
        words = _without_keywords(words[1:])
    if not words:
        return
    nested = [word for word in words if " " in word.strip() and any(runner in word for runner in _RUNNERS)]
    if nested and "-c" in words and name_of(words[0]) not in ("python", "python3"):
        for script in nested:
            yield from (replace(inner, line=line) for inner in commands(script))
        return
    runner, arguments = _runner(words)
    yield Command(words=words, line=line, env=tuple(env), runner=runner, arguments=arguments)


def _without_keywords(words: tuple[str, ...]) -> tuple[str, ...]:
    while words and words[0] in _KEYWORDS:
        words = words[1:]
    return words


def _runner(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return what runs the tests, and the arguments that pytest gets of it."""
    for index, word in enumerate(words):
        name, before = name_of(word), words[index - 1] if index else ""
        if (word in _PACKAGING and index < 3) or (word in _SHELL and not index):
            break
        if name not in _RUNNERS or before in _NAMING or (word.endswith("/") or "=" in word):
            continue
        rest = words[index + 1 :]
        if name == "pytest":
            return name, rest
        return name, rest[rest.index("--") + 1 :] if "--" in rest else ()
    return "", ()
