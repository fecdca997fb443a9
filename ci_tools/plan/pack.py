"""Atoms to shards: longest first onto the least loaded of all workers of all shards.

`k` shards of `W` workers are `k × W` machines: when each shard then hands out its atoms longest
first, its workers end up with just these loads. So the wall is at most
4/3 - 1/(3kW) of the best one for these atoms (Graham 1969).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from ci_tools.model.plan import Atom, Shard


def pack(atoms: Sequence[Atom], together: Sequence[Sequence[Atom]], *, shards: int, workers: int) -> tuple[Shard, ...]:
    """Return `shards` shards that partition the atoms; some may be empty.

    Each list in `together` lands in one shard. The result doesn't depend on any order. Loads
    tie-break by the number of atoms, so that tests of 0 ms spread out too.
    """
    content: list[list[Atom]] = [[] for _ in range(shards)]
    loads = [[(0, 0, worker) for worker in range(workers)] for _ in range(shards)]
    for group in sorted((sorted(group, key=_longest_first) for group in together), key=_heaviest_first):
        lightest = min(range(shards), key=lambda shard: (sum(ms for ms, _, _ in loads[shard]), shard))
        for atom in group:
            ms, n_atoms, worker = loads[lightest][0]
            heapq.heapreplace(loads[lightest], (ms + atom.expected_ms, n_atoms + 1, worker))
        content[lightest] += group
    _pack_singly(atoms, content, loads)
    return tuple(
        Shard(index=index, expected_ms=wall_ms(atoms, workers), atoms=tuple(sorted(atoms, key=_longest_first)))
        for index, atoms in enumerate(content, 1)
    )


def _pack_singly(
    atoms: Sequence[Atom], content: list[list[Atom]], loads: Sequence[Sequence[tuple[int, int, int]]]
) -> None:
    heap = [(ms, n, worker, shard) for shard, own in enumerate(loads) for ms, n, worker in own]
    heapq.heapify(heap)
    for atom in sorted(atoms, key=_longest_first):
        ms, n_atoms, worker, shard = heap[0]
        content[shard].append(atom)
        heapq.heapreplace(heap, (ms + atom.expected_ms, n_atoms + 1, worker, shard))


def wall_ms(atoms: Sequence[Atom], workers: int) -> int:
    """Return when the last of `workers` workers ends, atoms handed out longest first."""
    loads = [0] * workers
    for ms in sorted((atom.expected_ms for atom in atoms), reverse=True):
        heapq.heapreplace(loads, loads[0] + ms)
    return max(loads)


def _longest_first(atom: Atom) -> tuple[int, str, tuple[str, ...]]:
    return -atom.expected_ms, atom.file, atom.nodeids or ()


def _heaviest_first(group: Sequence[Atom]) -> tuple[int, tuple[int, str, tuple[str, ...]]]:
    return -sum(atom.expected_ms for atom in group), _longest_first(group[0])
