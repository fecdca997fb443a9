"""pytest-split's algorithms as ours: the same groups as `pytest --splits`, and no crash where it has one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_split.algorithms import Algorithms

from ci_tools.model.plan import Atom
from ci_tools.plan.predict import PredictedFile
from ci_tools.plan.pytest_split import ALGORITHMS, MAX_STEPS, atoms_of, rival_walls_ms, split
from ci_tools.plan.simulate import stock_wall_ms


def files_of(*files: Sequence[int]) -> list[PredictedFile]:
    return [
        PredictedFile(file=f"t{f}.py", tests=tuple((f"t{f}.py::test_{n}", ms) for n, ms in enumerate(file)))
        for f, file in enumerate(files)
    ]


def names(groups: Sequence[Sequence[tuple[str, int]]]) -> list[list[str]]:
    return [[nodeid for nodeid, _ in group] for group in groups]


def test_all_of_pytest_splits_algorithms_are_offered() -> None:
    assert sorted(ALGORITHMS) == sorted(Algorithms.names())


def test_chunks_are_contiguous() -> None:
    groups = split("duration_based_chunks", files_of([1, 1], [1, 1]), 2)
    assert groups == [[("t0.py::test_0", 1), ("t0.py::test_1", 1)], [("t1.py::test_0", 1), ("t1.py::test_1", 1)]]


def test_least_duration_gives_the_longest_first_to_the_emptiest() -> None:
    groups = split("least_duration", files_of([4, 3], [2, 1]), 2)
    assert names(groups) == [["t0.py::test_0", "t1.py::test_1"], ["t0.py::test_1", "t1.py::test_0"]]


def test_zeros_at_the_end_where_pytest_split_raises_leave_all_on_the_first_shard() -> None:
    items = [SimpleNamespace(nodeid=name) for name in "abc"]
    with pytest.raises(IndexError):
        Algorithms["duration_based_chunks"].value(2, items, {"a": 1, "b": 1, "c": 0})  # type: ignore[arg-type]
    assert names(split("duration_based_chunks", files_of([1, 1, 0]), 2)) == [
        ["t0.py::test_0", "t0.py::test_1", "t0.py::test_2"],
        [],
    ]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_tests_are_split_into_empty_shards(algorithm: str) -> None:
    assert split(algorithm, [], 3) == [[], [], []]


suites = st.lists(st.lists(st.integers(0, 5000), min_size=1, max_size=6), max_size=8)


@settings(deadline=None, max_examples=100)
@given(suites, st.integers(1, 6), st.sampled_from(ALGORITHMS))
def test_groups_are_those_that_pytest_split_selects(files: list[list[int]], shards: int, algorithm: str) -> None:
    predicted = files_of(*files)
    ms = {nodeid: value for file in predicted for nodeid, value in file.tests}

    class Item(SimpleNamespace):
        def __str__(self) -> str:  # as a pytest.Function's
            return f"<Function {self.nodeid.rpartition('::')[2]}>"

    seconds: Mapping[str, float] = {nodeid: value / 1000 for nodeid, value in ms.items()}
    try:
        groups = Algorithms[algorithm].value(shards, [Item(nodeid=nodeid) for nodeid in ms], dict(seconds))  # type: ignore[misc]
    except IndexError:
        return
    assert names(split(algorithm, predicted, shards)) == [[item.nodeid for item in group.selected] for group in groups]


@settings(deadline=None, max_examples=100)
@given(suites, st.integers(1, 6), st.sampled_from(ALGORITHMS))
def test_every_test_is_in_one_group(files: list[list[int]], shards: int, algorithm: str) -> None:
    predicted = files_of(*files)
    groups = split(algorithm, predicted, shards)
    assert len(groups) == shards
    assert sorted(test for group in groups for test in group) == sorted(t for file in predicted for t in file.tests)


def test_a_file_that_is_all_here_is_whole_any_other_a_piece() -> None:
    tests = [("b.py::test_1", 1), ("a.py::test_1", 2), ("b.py::test_2", 3)]
    files = {
        "a.py": PredictedFile(file="a.py", tests=(("a.py::test_1", 2),)),
        "b.py": PredictedFile(
            file="b.py", tests=(*tests[::2], ("b.py::test_3", 9)), guessed=frozenset({"b.py::test_2"})
        ),
    }
    assert atoms_of(tests, files) == [
        Atom(file="a.py", expected_ms=2, longest_ms=2),
        Atom(
            file="b.py",
            expected_ms=4,
            nodeids=("b.py::test_1", "b.py::test_2"),
            guessed=("b.py::test_2",),
        ),
    ]


def test_rivals_walls_are_those_of_stock_loadfile() -> None:
    files = files_of([4000, 3000], [2000, 1000], [500])
    expected = {}
    for algorithm in ALGORITHMS:
        walls = []
        for group in split(algorithm, files, 2):
            by_file: dict[str, list[int]] = {}
            for nodeid, ms in group:
                by_file.setdefault(nodeid.partition("::")[0], []).append(ms)
            walls.append(stock_wall_ms(list(by_file.values()), 2))
        expected[algorithm] = max(walls)
    assert rival_walls_ms(files, shards=2, workers=2) == expected


def test_rivals_are_left_out_where_they_would_take_too_long() -> None:
    tests = tuple((f"t.py::test_{index}", 1) for index in range(MAX_STEPS // 256 + 1))
    assert rival_walls_ms([PredictedFile(file="t.py", tests=tests)], shards=256, workers=1) == {
        "least_duration": None,
        "duration_based_chunks": None,
    }
