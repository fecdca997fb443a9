"""`cut`: between classes first, then functions, then parameters; the laws are in tests/property."""

from __future__ import annotations

from ci_tools.model.plan import Atom
from ci_tools.plan.cut import cut, whole
from ci_tools.plan.predict import PredictedFile


def file_of_tests(**ms: int) -> PredictedFile:
    """Return `t.py`; `A__test_1=5` is `t.py::A::test_1` of 5 ms."""
    return PredictedFile(file="t.py", tests=tuple((f"t.py::{name.replace('__', '::')}", n) for name, n in ms.items()))


def pieces(file: PredictedFile, limit_ms: int) -> list[tuple[int, list[str]]]:
    return [
        (atom.expected_ms, [nodeid.removeprefix("t.py::") for nodeid in atom.nodeids or ["whole"]])
        for atom in cut(file, limit_ms)
    ]


def test_a_whole_file_lists_no_tests() -> None:
    assert whole(file_of_tests(test_a=1, test_b=2)) == Atom(file="t.py", expected_ms=3, longest_ms=2)


def test_a_file_at_the_limit_stays_whole() -> None:
    assert pieces(file_of_tests(test_a=5, test_b=5), 10) == [(10, ["whole"])]


def test_a_single_test_stays_whole_however_long() -> None:
    assert pieces(file_of_tests(test_a=500), 10) == [(500, ["whole"])]


def test_an_empty_file_stays_whole() -> None:
    assert cut(PredictedFile(file="t.py", tests=()), 0) == [Atom(file="t.py", expected_ms=0)]


def test_tests_of_no_length_stay_whole() -> None:
    assert pieces(file_of_tests(test_a=0, test_b=0), 0) == [(0, ["whole"])]


def test_a_longer_file_is_cut_into_even_contiguous_pieces() -> None:
    file = file_of_tests(test_a=5, test_b=5, test_c=5, test_d=5)
    assert pieces(file, 10) == [(10, ["test_a", "test_b"]), (10, ["test_c", "test_d"])]


def test_classes_are_cut_between_first() -> None:
    file = file_of_tests(test_0=4, A__test_1=4, A__test_2=4, B__test_1=4, B__test_2=4)
    assert pieces(file, 10) == [(12, ["test_0", "A::test_1", "A::test_2"]), (8, ["B::test_1", "B::test_2"])]


def test_a_class_longer_than_the_limit_is_cut_between_functions() -> None:
    file = file_of_tests(A__test_1=6, A__test_2=6, A__test_3=6, B__test_1=6)
    assert pieces(file, 12) == [(12, ["A::test_1", "A::test_2"]), (12, ["A::test_3", "B::test_1"])]


def test_parameters_are_cut_between_only_where_the_function_alone_is_too_long() -> None:
    tests = (
        *tuple((f"t.py::test_a[{index}]", 6) for index in range(4)),
        ("t.py::test_b[0]", 2),
        ("t.py::test_b[1]", 2),
    )
    atoms = cut(PredictedFile(file="t.py", tests=tests), 14)
    assert [atom.nodeids for atom in atoms] == [
        ("t.py::test_a[0]", "t.py::test_a[1]"),
        ("t.py::test_a[2]", "t.py::test_a[3]", "t.py::test_b[0]", "t.py::test_b[1]"),
    ]


def test_one_test_longer_than_the_limit_is_a_piece_of_its_own_size() -> None:
    assert pieces(file_of_tests(test_a=1, test_long=98, test_b=1), 10) == [
        (1, ["test_a"]),
        (98, ["test_long"]),
        (1, ["test_b"]),
    ]
