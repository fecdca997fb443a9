"""How the runner reads what a step prints and writes, after actions/runner: `ActionCommand`, file commands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# char.IsWhiteSpace of .NET; Python's own list has U+001C to U+001F more.
NET_BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
COMMANDS = ("error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "stop-commands", "set-output")


@dataclass(frozen=True)
class Command:
    name: str
    data: str
    properties: dict[str, str] = field(default_factory=dict)


def commands_in(output: str) -> list[Command]:
    """Return what the runner takes for commands in a step's output; a byte order mark in front is dropped."""
    lines = re.split(r"\r\n|\r|\n", output.removeprefix("\ufeff"))
    return [command for line in lines if (command := parse_command(line))]


def parse_command(line: str) -> Command | None:
    """Return the command that a line is: the new form, else the old one, else None."""
    return _parse_v2(line.lstrip(NET_BLANKS)) or _parse_v1(line)


def _parse_v2(line: str) -> Command | None:
    if not line.startswith("::") or (end := line.find("::", 2)) < 0:
        return None
    name, _, listed = line[2:end].partition(" ")
    if name.lower() not in COMMANDS:
        return None
    pairs = [part.split("=", 1) for part in listed.strip(NET_BLANKS).split(",") if "=" in part]
    properties = {key: _unescaped(value, "\r\n:,%") for key, value in pairs}
    return Command(name, _unescaped(line[end + 2 :], "\r\n%"), properties)


def _parse_v1(line: str) -> Command | None:
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name = line[start + 3 : end].partition(" ")[0]
    return Command(name, _unescaped(line[end + 1 :], ";\r\n]%")) if name.lower() in COMMANDS else None


def _unescaped(text: str, characters: str) -> str:
    for character in characters:
        text = text.replace(f"%{ord(character):02X}", character)
    return text


def read_file_commands(text: str) -> dict[str, str]:
    """Return the name-value pairs of a GITHUB_OUTPUT file; ValueError where the runner refuses it."""
    pairs, lines = {}, iter(text.removesuffix("\n").split("\n"))
    for line in lines:
        name, _, delimiter = line.partition("<<")
        if "=" in name:
            name, _, pairs[name] = line.partition("=")
            continue
        value = []
        while (part := next(lines)) != delimiter:
            value.append(part)
        pairs[name] = "\n".join(value)
    return pairs
