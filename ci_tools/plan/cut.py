"""Oversized files cut into contiguous pieces: between classes, then functions, then parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from ci_tools.model.nodeid import file_of, function_of
from ci_tools.model.plan import Atom
from ci_tools.plan.predict import PredictedFile

Tests = tuple[tuple[str, int], ...]


def cut(file: PredictedFile, limit_ms: int) -> list[Atom]:
    """Return the file whole, or in pieces of about `limit_ms` when it is longer than that.

    A class is divided only if it is longer than the limit, and a parametrised function only if
    it alone is. Pieces keep the order of the file.
    """
    if file.total_ms <= limit_ms or len(file.tests) < 2:
        return [whole(file)]
    blocks = list(_blocks(file.tests, limit_ms))
    pieces = _pack_in_order(blocks, file.total_ms, limit_ms)
    if len(pieces) == 1:
        return [whole(file)]
    return [piece_of(file, piece) for piece in pieces]


def piece_of(file: PredictedFile, tests: Sequence[tuple[str, int]]) -> Atom:
    """Return these tests of the file as one atom."""
    guessed = tuple(nodeid for nodeid, _ in tests if nodeid in file.guessed)
    return Atom(
        file=file.file,
        expected_ms=_total(tests),
        nodeids=tuple(nodeid for nodeid, _ in tests),
        guessed=guessed,
        longest_ms=0 if guessed else _longest(tests),
    )


def whole(file: PredictedFile) -> Atom:
    """Return the file as one atom."""
    return Atom(
        file=file.file,
        expected_ms=file.total_ms,
        longest_ms=0 if file.guessed else _longest(file.tests),
    )


def _blocks(tests: Tests, limit_ms: int) -> Iterator[Tests]:
    """Yield what stays together: a class, else its functions, else the function's parameters."""
    for scope in (_class_of, function_of):
        runs = [tuple(run) for _, run in groupby(tests, key=lambda test: scope(test[0]))]
        if len(runs) > 1:
            for run in runs:
                yield from _blocks(run, limit_ms) if _total(run) > limit_ms else [run]
            return
    if _total(tests) > limit_ms:
        yield from ((test,) for test in tests)
    else:
        yield tests


def _class_of(nodeid: str) -> str:
    """Return the enclosing class; a module's function stands for itself."""
    function = function_of(nodeid)
    scope = function.rpartition("::")[0]
    return function if scope == file_of(nodeid) else scope


def _pack_in_order(blocks: Sequence[Tests], total_ms: int, limit_ms: int) -> list[Tests]:
    """Fill pieces of equal size: a block goes where its middle falls."""
    n_pieces = -(-total_ms // max(1, limit_ms))
    pieces: dict[int, Tests] = {}
    before_ms = 0
    for block in blocks:
        block_ms = _total(block)
        middle = before_ms + block_ms / 2
        index = min(n_pieces - 1, int(middle * n_pieces / total_ms))
        pieces[index] = pieces.get(index, ()) + block
        before_ms += block_ms
    return list(pieces.values())


def _longest(tests: Sequence[tuple[str, int]]) -> int:
    """Return the longest test's milliseconds; a recorded time of 0 is still a recorded one."""
    return max((max(1, ms) for _, ms in tests), default=0)


def _total(tests: Sequence[tuple[str, int]]) -> int:
    return sum(ms for _, ms in tests)
