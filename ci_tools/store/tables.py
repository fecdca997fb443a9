"""The tables of `[tool.ci-tools]` in a project's pyproject.toml, each value taken by its type."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from ci_tools.model.cost import usd_of
from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.store.files import read_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_table(rootdir: Path) -> Table:
    """Return `[tool.ci-tools]`, empty where there is no pyproject.toml, or no word of ours in it.

    Raises CiToolsError when the file isn't TOML, UsageError when something else stands in the table's place.
    """
    path = rootdir / "pyproject.toml"
    text = read_text(path) if path.is_file() else ""
    if "ci-tools" not in text:  # most projects: no need to parse it
        return Table({}, str(path), "tool.ci-tools")
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except ValueError as error:
        raise CiToolsError(f"{path}: not TOML: {error}") from None
    tool = document.get("tool")
    return Table(tool.get("ci-tools", {}) if isinstance(tool, dict) else {}, str(path), "tool.ci-tools")


class Table:
    """One table of the file, whose values are taken by their type; UsageError names the file, the table and the key."""

    def __init__(self, values: object, file: str, name: str) -> None:
        self._file, self._name = file, name
        if not isinstance(values, dict):
            raise UsageError(f"{file}: [{name}] is {values!r}, wanted a table")
        self.values: Mapping[str, Any] = values

    def allow(self, *keys: str) -> None:
        """Refuse any other key, with the one that was probably meant."""
        for key in self.values:
            if key not in keys:
                near = get_close_matches(key, keys, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(keys) or 'none'}"
                self.refuse(f"has no key {key!r}", hint=hint)

    def refuse(self, fact: str, *, hint: str = "") -> NoReturn:
        raise UsageError(f"{self._file}: [{self._name}] {fact}", hint=hint)

    def table(self, key: str) -> Table:
        return Table(self.values.get(key, {}), self._file, f"{self._name}.{key}")

    def text(self, key: str) -> str:
        return str(self._get(key, "", "a text", lambda value: isinstance(value, str)))

    def flag(self, key: str) -> bool:
        return bool(self._get(key, False, "true or false", lambda value: isinstance(value, bool)))

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(self._get(key, [], "a list of texts", lambda value: isinstance(value, list) and _are_texts(value)))

    def number(self, key: str, *, most: float = 1e9) -> float | None:
        """Return a number from 0 to `most`, None where there is none."""

        def is_right(value: object) -> bool:
            return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most

        value = self._get(key, None, f"a number from 0 to {most:g}", is_right)
        return None if value is None else float(value)

    def texts_by_name(self, key: str) -> dict[str, str]:
        def is_right(value: object) -> bool:
            return isinstance(value, dict) and _are_texts(value.values())

        return dict(self._get(key, {}, "a table of texts", is_right))

    def one_of(self, key: str, choices: list[str]) -> str:
        return str(self._get(key, choices[0], f"one of {', '.join(choices)}", lambda value: value in choices))

    def usd(self, key: str) -> Decimal | None:
        text = self._get(
            key, None, 'dollars as text, like "5.00"', lambda v: isinstance(v, str) and usd_of(v) is not None
        )
        return None if text is None else Decimal(text)

    def _get(self, key: str, default: Any, wanted: str, is_right: Callable[[Any], bool]) -> Any:
        value = self.values.get(key, default)
        if key in self.values and not is_right(value):
            self.refuse(f"{key} is {value!r}, wanted {wanted}")
        return value


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)
