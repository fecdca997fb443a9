"""What all our JSON files share: a header, typed fields, refusals that name file, found, wanted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, TypeGuard, TypeVar

from ci_tools.model.errors import FormatError

MAX_SECONDS = 1e12  # some thirty thousand years; beyond it floats lose their milliseconds

SAME_VERSION = "use the same version of xdist-ci in every job"


E = TypeVar("E", bound=Enum)


def parse(text: str, *, source: str) -> Any:
    """Return JSON as Python values; NaN and infinities are refused like any other non-JSON."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise FormatError(f"{source}: nested too deeply") from None
    except ValueError as error:
        raise FormatError(f"{source}: not JSON: {error}", hint="the file may be cut off") from None


def check_header(document: object, *, format: str, version: int, source: str) -> Mapping[str, Any]:
    """Return the document as a mapping when its header is ours, else raise FormatError."""
    found = document.get("format") if isinstance(document, dict) else None
    if not isinstance(document, dict) or found != format:
        raise FormatError(f"{source}: found {shown(found)}, wanted {format!r}")
    if type(document.get("version")) is not int or document["version"] != version:
        found = shown(document.get("version"))
        raise FormatError(f"{source}: {format} version {found}, this ci-tools reads {version}", hint=SAME_VERSION)
    return document


def dumps(document: object) -> str:
    """Return the one spelling of a document: sorted keys, ASCII, newline at the end."""
    return json.dumps(document, sort_keys=True, indent=1, allow_nan=False) + "\n"


def lines(text: str, *, source: str) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Yield (line number, object) for each line; (number, None) once, and last, for a broken one.

    A file whose writer was killed ends in the middle of a line: all before it holds.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if not line:
            continue
        try:
            value = parse(line, source=source)
        except FormatError:
            value = None
        if not isinstance(value, dict):
            yield number, None
            return
        yield number, value


class Fields:
    """A JSON object read field by field; every mismatch is a FormatError that names it."""

    def __init__(self, values: object, *, source: str, where: str = "") -> None:
        self.source = source
        self.where = where
        if not isinstance(values, dict):
            raise self.refuse(f"found {shown(values)}, wanted an object")
        self._values: dict[str, Any] = values

    def refuse(self, what: str) -> FormatError:
        """Return the error to raise, with the place in front."""
        where = f"{self.where}: " if self.where else ""
        return FormatError(f"{self.source}: {where}{what}", hint=SAME_VERSION)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._values.get(key, default)
        if not isinstance(value, str):
            raise self.refuse(f"{key!r} is {shown(value)}, wanted text")
        return value

    def integer(self, key: str, default: int | None = None, *, least: int = 0) -> int:
        value = self._values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.refuse(f"{key!r} is {shown(value)}, wanted an integer ≥ {least}")
        return value

    def seconds(self, key: str, default: float | None = None) -> float:
        value = self._values.get(key, default)
        if is_seconds(value):
            return float(value)
        raise self.refuse(f"{key!r} is {shown(value)}, wanted finite seconds ≥ 0")

    def flag(self, key: str) -> bool:
        value = self._values.get(key)
        if not isinstance(value, bool):
            raise self.refuse(f"{key!r} is {shown(value)}, wanted true or false")
        return value

    def choice(self, key: str, kind: type[E]) -> E:
        """Return a member of an enumeration by its value."""
        try:
            return kind(self.text(key))
        except ValueError:
            raise self.refuse(f"{key!r} is {shown(self.get(key))}, which this ci-tools doesn't know") from None

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(self._typed_list(key, str, "texts"))

    def objects(self, key: str) -> Iterator[Fields]:
        for index, value in enumerate(self._typed_list(key, dict, "objects")):
            where = f"{self.where}.{key}[{index}]" if self.where else f"{key}[{index}]"
            yield Fields(value, source=self.source, where=where)

    def object(self, key: str) -> Fields:
        where = f"{self.where}.{key}" if self.where else key
        return Fields(self._values.get(key), source=self.source, where=where)

    def get(self, key: str) -> Any:
        return self._values.get(key)

    def text_map(self, key: str) -> dict[str, str]:
        value = self._values.get(key)
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise self.refuse(f"{key!r} is {shown(value)}, wanted an object of texts")
        return value

    def _typed_list(self, key: str, kind: type, wanted: str) -> list[Any]:
        value = self._values.get(key)
        if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
            raise self.refuse(f"{key!r} is {shown(value)}, wanted a list of {wanted}")
        return value


def is_seconds(value: object) -> TypeGuard[float]:
    """Return whether a JSON value is a number of seconds, finite, ≥ 0 and not absurd."""
    return type(value) in (int, float) and 0 <= value <= MAX_SECONDS  # type: ignore[operator]


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def shown(value: object) -> str:
    """Return a found value for an error message, cut to a readable length."""
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
