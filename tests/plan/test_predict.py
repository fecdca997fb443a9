"""`predict`: recorded seconds, else the median of the nearest relatives."""

from __future__ import annotations

import pytest

from ci_tools.plan.discover import SourceFile
from ci_tools.plan.predict import DEFAULT_MS, PredictedFile, Prediction, predict, sources_of


def source(file: str, *names: str, ties: tuple[str, ...] = ()) -> SourceFile:
    return SourceFile(file=file, functions=tuple(f"{file}::{name}" for name in names), ties=ties)


def test_nothing_is_predicted_from_nothing() -> None:
    assert predict([], {}) == Prediction(files=(), unknown_tests=0, assumed_ms=0)


def test_recorded_seconds_are_whole_milliseconds() -> None:
    durations_s = {"a.py::test_a": 1.23449, "a.py::test_b": 0.0, "a.py::test_c": 0.0004, "a.py::test_d": 7}
    assert predict(sources_of(durations_s), durations_s) == Prediction(
        files=(
            PredictedFile(
                file="a.py",
                tests=(("a.py::test_a", 1234), ("a.py::test_b", 0), ("a.py::test_c", 0), ("a.py::test_d", 7000)),
            ),
        ),
        unknown_tests=0,
        assumed_ms=0,
    )


def test_files_are_sorted_and_tests_are_in_the_order_of_the_file() -> None:
    durations_s = {"a.py::test_z[2]": 1.0, "a.py::test_z[1]": 2.0, "a.py::test_y": 3.0, "a.py::test_not_seen": 4.0}
    prediction = predict([source("b.py", "test_b"), source("a.py", "test_z", "test_y")], durations_s)
    assert [(file.file, [nodeid for nodeid, _ in file.tests]) for file in prediction.files] == [
        ("a.py", ["a.py::test_z[1]", "a.py::test_z[2]", "a.py::test_y", "a.py::test_not_seen"]),
        ("b.py", ["b.py::test_b"]),
    ]


def test_recorded_tests_of_files_that_are_gone_are_left_out() -> None:
    prediction = predict([source("a.py", "test_a")], {"gone.py::test_a": 9.0, "a.py::test_a": 1.0, "a.pyx::t": 1.0})
    assert prediction.files == (PredictedFile(file="a.py", tests=(("a.py::test_a", 1000),)),)


def test_with_nothing_recorded_every_test_weighs_the_same() -> None:
    assert predict([source("a.py", "test_a", "test_b"), source("b.py")], {}) == Prediction(
        files=(
            PredictedFile(
                file="a.py",
                tests=(("a.py::test_a", DEFAULT_MS), ("a.py::test_b", DEFAULT_MS)),
                guessed=frozenset({"a.py::test_a", "a.py::test_b"}),
            ),
            PredictedFile(file="b.py", tests=(("b.py", DEFAULT_MS),), guessed=frozenset({"b.py"})),
        ),
        unknown_tests=3,
        assumed_ms=DEFAULT_MS,
    )


def test_a_function_of_which_a_parameter_is_recorded_is_not_unknown() -> None:
    prediction = predict([source("a.py", "test_a")], {"a.py::test_a[1]": 1.0, "a.py::test_a[x::y]": 2.0})
    assert prediction == Prediction(
        files=(PredictedFile(file="a.py", tests=(("a.py::test_a[1]", 1000), ("a.py::test_a[x::y]", 2000))),),
        unknown_tests=0,
        assumed_ms=0,
    )


LADDER = {
    "t/u/a.py::A::test_1": 1.0,
    "t/u/a.py::A::test_2": 2.0,
    "t/u/a.py::A::test_3": 3.0,
    "t/u/a.py::B::test_1": 10.0,
    "t/u/a.py::test_1": 20.0,
    "t/u/b.py::test_1": 30.0,
    "t/u/v/d.py::test_1": 31.0,
    "t/u/v/d.py::test_2": 32.0,
    "t/c.py::test_1": 50.0,
    "t/c.py::test_2": 60.0,
    "s/e.py::test_1": 100.0,
}


@pytest.mark.parametrize(
    ("file", "name", "expected_ms"),
    [
        ("t/u/a.py", "A::test_new", 2_000),  # its class: 1 2 3
        ("t/u/a.py", "A::Inner::test_new", 2_000),  # the class around its class
        ("t/u/a.py", "C::test_new", 3_000),  # its file: 1 2 3 10 20
        ("t/u/a.py", "test_new", 3_000),
        ("t/u/new.py", "test_new", 10_000),  # its directory and below: 1 2 3 10 20 30 31 32, the lower middle
        ("t/w/new.py", "test_new", 20_000),  # the directory above: these, 50 and 60
        ("x/y/new.py", "test_new", 30_000),  # the suite: all eleven
        ("new.py", "test_new", 30_000),
    ],
)
def test_an_unknown_test_gets_the_median_of_its_nearest_relatives(file: str, name: str, expected_ms: int) -> None:
    sources = [other for other in sources_of(LADDER) if other.file != file] + [source(file, name)]
    prediction = predict(sources, LADDER)
    (found,) = [dict(f.tests)[f"{file}::{name}"] for f in prediction.files if f.file == file]
    assert (found, prediction.unknown_tests, prediction.assumed_ms) == (expected_ms, 1, expected_ms)


def test_the_assumed_time_is_the_median_of_the_guesses() -> None:
    durations_s = {"a.py::test": 1.0, "b/b.py::test": 5.0, "c/c.py::test": 9.0}
    sources = [
        *sources_of(durations_s),
        source("b/new.py", "test_1", "test_2"),
        source("c/new.py", "test_1"),
    ]
    prediction = predict(sources, durations_s)
    assert (prediction.unknown_tests, prediction.assumed_ms) == (3, 5_000)


def test_ties_are_kept() -> None:
    assert predict([source("a.py", "test_a", ties=("db",))], {"a.py::test_a": 1.0}).files == (
        PredictedFile(file="a.py", tests=(("a.py::test_a", 1000),), ties=("db",)),
    )


def test_a_name_that_is_the_beginning_of_another_is_no_relative() -> None:
    durations_s = {"a.py::TestAB::test_1": 0.1, "a.py::TestA::test_1": 1.0, "a.pyc::test_1": 100.0}
    prediction = predict([source("a.py", "TestA::test_1", "TestAB::test_1", "TestA::test_2")], durations_s)
    assert dict(prediction.files[0].tests)["a.py::TestA::test_2"] == 1_000


def test_sources_are_the_files_that_durations_name() -> None:
    assert sources_of({"b.py::t": 1.0, "a.py::T::t[x::y]": 1.0, "a.py::u": 1.0, "c.txt": 1.0}) == (
        SourceFile(file="a.py"),
        SourceFile(file="b.py"),
        SourceFile(file="c.txt"),
    )
