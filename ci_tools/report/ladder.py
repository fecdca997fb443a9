"""What fits: a page gives up what is worth least, whole blocks of it, and says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ci_tools.model.words import count


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A block of a page, Markdown without empty lines around it.

    The least `worth` goes first, among equals the lowest on the page; `name` says then what
    was left out, a noun that takes a plural s.
    """

    name: str
    worth: int
    text: str


def pages(head: str, sections: Sequence[Section]) -> Iterator[str]:
    """Yield the page with all sections, then with one less each time, in the end the head alone.

    Sections keep their order. All but the last page say what is missing.
    """
    going = sorted(range(len(sections)), key=lambda index: (sections[index].worth, -index))
    for n_gone in range(len(sections)):
        gone = set(going[:n_gone])
        kept = [section.text for index, section in enumerate(sections) if index not in gone]
        yield "\n\n".join([head, *kept, *_left_out([sections[index] for index in sorted(gone)])]) + "\n"
    yield f"{head}\n"


def _left_out(gone: Sequence[Section]) -> list[str]:
    names = Counter(section.name for section in gone)
    listed = ", ".join(count(number, name) for name, number in names.items())
    return [f"*Left out for length: {listed}. All results are in `report.json`.*"] if gone else []
