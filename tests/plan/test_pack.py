"""`pack` and `wall_ms`: longest first onto the least loaded worker; the laws are in tests/property."""

from __future__ import annotations

import pytest

from ci_tools.model.plan import Atom, Shard
from ci_tools.plan.pack import pack, wall_ms


def atoms(*sizes_ms: int, prefix: str = "t") -> list[Atom]:
    return [Atom(file=f"{prefix}{index}.py", expected_ms=ms) for index, ms in enumerate(sizes_ms)]


def sizes(shards: tuple[Shard, ...]) -> list[tuple[int, list[int]]]:
    return [(shard.expected_ms, [atom.expected_ms for atom in shard.atoms]) for shard in shards]


@pytest.mark.parametrize(
    ("sizes_ms", "workers", "wall"),
    [([], 3, 0), ([5], 3, 5), ([1, 2, 3], 1, 6), ([3, 3, 2, 2, 2], 2, 7), ([0, 0], 1, 0), ([5, 4, 3, 3, 3], 2, 10)],
)
def test_a_wall_is_when_the_last_worker_ends(sizes_ms: list[int], workers: int, wall: int) -> None:
    assert wall_ms(atoms(*sizes_ms), workers) == wall
    assert wall_ms(atoms(*reversed(sizes_ms)), workers) == wall


def test_nothing_is_packed_into_empty_shards() -> None:
    assert pack([], [], shards=2, workers=3) == (
        Shard(index=1, expected_ms=0, atoms=()),
        Shard(index=2, expected_ms=0, atoms=()),
    )


def test_the_longest_goes_first_to_the_least_loaded_worker_of_all_shards() -> None:
    assert sizes(pack(atoms(7, 6, 5, 4, 3, 2), [], shards=2, workers=1)) == [(14, [7, 4, 3]), (13, [6, 5, 2])]


def test_workers_of_all_shards_count_as_machines() -> None:
    assert sizes(pack(atoms(8, 7, 6, 5), [], shards=2, workers=2)) == [(8, [8, 6]), (7, [7, 5])]


def test_ties_are_broken_by_path() -> None:
    packed = pack([Atom(file=name, expected_ms=1) for name in "dbca"], [], shards=2, workers=1)
    assert [[atom.file for atom in shard.atoms] for shard in packed] == [["a", "c"], ["b", "d"]]


def test_tests_of_no_length_are_dealt_out_one_by_one() -> None:
    assert sizes(pack(atoms(0, 0, 0, 0, 0), [], shards=3, workers=1)) == [(0, [0, 0]), (0, [0, 0]), (0, [0])]


def test_a_group_stays_on_one_shard_even_where_that_costs_time() -> None:
    packed = pack(atoms(2, 2), [atoms(9, 8, 7, prefix="group")], shards=2, workers=1)
    assert sizes(packed) == [(24, [9, 8, 7]), (4, [2, 2])]


def test_a_groups_files_share_its_shards_workers() -> None:
    assert sizes(pack([], [atoms(9, 8, 7, prefix="g")], shards=2, workers=3)) == [(9, [9, 8, 7]), (0, [])]


def test_groups_are_packed_heaviest_first_whatever_their_order() -> None:
    groups = [atoms(1, prefix="a"), atoms(5, 5, prefix="b"), atoms(7, prefix="c")]
    expected = [(10, [5, 5]), (8, [7, 1])]
    assert sizes(pack([], groups, shards=2, workers=1)) == expected
    assert sizes(pack([], groups[::-1], shards=2, workers=1)) == expected
