"""`make_plan`: whole plans with their certificates; the laws are in tests/property."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from ci_tools.model.plan import Atom, Certificate, Plan, Shard
from ci_tools.plan.discover import SourceFile
from ci_tools.plan.make import make_plan
from ci_tools.plan.predict import predict, sources_of


def plan_of(durations_s: Mapping[str, float], *, shards: int, workers: int = 1, **options: object) -> Plan:
    return make_plan(predict(sources_of(durations_s), durations_s), shards=shards, workers=workers, **options)  # type: ignore[arg-type]


def contents(plan: Plan) -> list[list[str]]:
    return [sorted({atom.file for atom in shard.atoms}) for shard in plan.shards]


def test_a_plan_of_nothing_has_empty_shards_and_a_ratio_of_one() -> None:
    plan = plan_of({}, shards=2)
    assert plan == Plan(
        workers=1,
        shards=(Shard(index=1, expected_ms=0, atoms=()), Shard(index=2, expected_ms=0, atoms=())),
        certificate=Certificate(
            tests=0,
            files=0,
            total_ms=0,
            predicted_wall_ms=0,
            lower_bound_ms=0,
            bound_by="work",
            binding="",
            useful_shards=1,
            torn_files=0,
            unknown_tests=0,
            assumed_ms=0,
            rivals_ms={"least_duration": 0, "duration_based_chunks": 0},
        ),
    )
    assert plan.certificate is not None
    assert plan.certificate.ratio == 1.0


def test_one_test_on_more_shards_than_tests() -> None:
    plan = plan_of({"a.py::test": 2.0}, shards=3, workers=2)
    assert plan == Plan(
        workers=2,
        shards=(
            Shard(index=1, expected_ms=2000, atoms=(Atom(file="a.py", expected_ms=2000, longest_ms=2000),)),
            Shard(index=2, expected_ms=0, atoms=()),
            Shard(index=3, expected_ms=0, atoms=()),
        ),
        certificate=Certificate(
            tests=1,
            files=1,
            total_ms=2000,
            predicted_wall_ms=2000,
            lower_bound_ms=2000,
            bound_by="test",
            binding="a.py::test",
            useful_shards=1,
            torn_files=0,
            unknown_tests=0,
            assumed_ms=0,
            rivals_ms={"least_duration": 2000, "duration_based_chunks": 2000},
        ),
    )


def test_files_that_balance_stay_whole_whatever_their_size() -> None:
    durations_s = {f"{file}.py::test_{index}": 1.0 for file in "ab" for index in range(8)}
    plan = plan_of(durations_s, shards=2)
    assert plan.certificate is not None
    assert (plan.certificate.predicted_wall_ms, plan.certificate.lower_bound_ms) == (8000, 8000)


def test_an_oversized_file_is_cut_and_the_certificate_counts_it() -> None:
    durations_s = {f"big.py::test_{index}": 1.0 for index in range(8)}
    plan = plan_of(durations_s, shards=2)
    certificate = plan.certificate
    assert certificate is not None
    assert (certificate.predicted_wall_ms, certificate.torn_files, certificate.bound_by) == (4000, 1, "work")
    assert [shard.expected_ms for shard in plan.shards] == [4000, 4000]


def test_a_long_test_binds_and_says_how_many_shards_are_useful() -> None:
    durations_s = {"slow.py::test_slow": 10.0, **{f"test_{index}.py::test": 1.0 for index in range(10)}}
    certificate = plan_of(durations_s, shards=4).certificate
    assert certificate is not None
    assert (certificate.bound_by, certificate.binding, certificate.useful_shards, certificate.ratio) == (
        "test",
        "slow.py::test_slow",
        2,
        1.0,
    )


def test_keep_together_binds_files_of_one_glob() -> None:
    durations_s = {f"db/test_{index}.py::test": 1.0 for index in range(4)} | {"a.py::test": 1.0, "b.py::test": 1.0}
    assert contents(plan_of(durations_s, shards=2, keep_together=["db/**"])) == [
        ["db/test_0.py", "db/test_1.py", "db/test_2.py", "db/test_3.py"],
        ["a.py", "b.py"],
    ]


def test_keep_together_of_no_file_is_no_bond() -> None:
    durations_s = {"a.py::test": 1.0, "b.py::test": 1.0}
    assert plan_of(durations_s, shards=2, keep_together=["none/*"]) == plan_of(durations_s, shards=2)


def test_groups_that_share_a_file_are_one() -> None:
    groups = {"a.py": ("x",), "b.py": ("x", "y"), "c.py": ("y",), "d.py": (), "e.py": ("z",)}
    sources = [SourceFile(file=file, ties=names) for file, names in groups.items()]
    durations_s = {f"{file}::test": 1.0 for file in groups}
    plan = make_plan(predict(sources, durations_s), shards=2, workers=1)
    assert contents(plan) == [["a.py", "b.py", "c.py"], ["d.py", "e.py"]]


def test_a_file_that_is_bound_is_never_cut() -> None:
    sources = [SourceFile(file="a.py", ties=("db",))]
    durations_s = {f"a.py::test_{index}": 1.0 for index in range(8)}
    plan = make_plan(predict(sources, durations_s), shards=4, workers=1)
    assert [shard.atoms for shard in plan.shards] == [
        (Atom(file="a.py", expected_ms=8000, longest_ms=1000),),
        (),
        (),
        (),
    ]
    assert plan.certificate is not None
    assert plan.certificate.useful_shards == 1


def test_unknown_tests_are_counted_with_what_was_assumed() -> None:
    sources = [SourceFile(file="a.py", functions=("a.py::test_a", "a.py::test_b")), SourceFile(file="b.py")]
    certificate = make_plan(predict(sources, {"a.py::test_a": 3.0}), shards=1, workers=1).certificate
    assert certificate is not None
    assert (certificate.tests, certificate.unknown_tests, certificate.assumed_ms, certificate.total_ms) == (
        3,
        2,
        3000,
        9000,
    )


@pytest.mark.parametrize("algorithm", ["least_duration", "duration_based_chunks"])
def test_pytest_splits_algorithms_ignore_bonds(algorithm: str) -> None:
    durations_s = {f"db/test_{index}.py::test": 1.0 for index in range(4)}
    bound: Sequence[str] = ["db/*"]
    plan = plan_of(durations_s, shards=2, algorithm=algorithm, keep_together=bound)
    assert [len(shard.atoms) for shard in plan.shards] == [2, 2]


def test_the_digest_is_over_workers_and_atoms_alone() -> None:
    durations_s = {"a.py::test": 1.0, "b.py::test": 2.0}
    plan = plan_of(durations_s, shards=2)
    same = Plan(workers=plan.workers, shards=plan.shards)
    assert (len(plan.digest), same.digest) == (64, plan.digest)
    others = [
        plan_of(durations_s, shards=2, workers=2),
        plan_of(durations_s, shards=3),
        plan_of({**durations_s, "b.py::test": 3.0}, shards=2),
        Plan(workers=1, shards=plan.shards[::-1]),
    ]
    assert len({plan.digest, *(other.digest for other in others)}) == 5


def test_the_digest_is_the_same_in_every_process() -> None:
    """One plan for all jobs: no hash seed, no clock. Changed only with the format's version."""
    plan = Plan(workers=2, shards=(Shard(index=1, expected_ms=5, atoms=(Atom(file="é.py", expected_ms=5),)),))
    assert plan.digest == "1d51b83d6506d650f503883d41f5e2f830c16af43c601ea006ec8eafe4d60248"
    assert [plan_owner(nodeid) for nodeid in ("a.py::t", "b.py::T::t[x::y]", "b.py::u", "é.py::t")] == [7, 1, 1, 6]


def plan_owner(nodeid: str) -> int:
    return Plan(workers=1, shards=tuple(Shard(index=i, expected_ms=0, atoms=()) for i in range(1, 9))).owner(nodeid)
