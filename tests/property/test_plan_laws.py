"""The laws of planning, over drawn suites: nothing lost, nothing twice, nothing worse than proved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, islice

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import HOSTILE, durations, hostile_nodeids, no_hang, nodeids

from ci_tools.model.nodeid import file_of, function_of, scopes_of
from ci_tools.model.plan import Atom, Plan
from ci_tools.plan.cut import cut, whole
from ci_tools.plan.discover import SourceFile
from ci_tools.plan.make import LPT, make_plan, work_of
from ci_tools.plan.pack import pack, wall_ms
from ci_tools.plan.predict import PredictedFile, Prediction, predict, sources_of
from ci_tools.plan.pytest_split import ALGORITHMS
from ci_tools.plan.simulate import stock_wall_ms

law = settings(deadline=None, max_examples=80)

counts = st.integers(1, 9)
algorithms = st.sampled_from([LPT, *ALGORITHMS])
milliseconds = st.one_of(st.just(0), st.integers(0, 100_000))


def plan_of(
    durations_s: Mapping[str, float],
    *,
    shards: int,
    workers: int,
    algorithm: str = LPT,
    sources: Sequence[SourceFile] | None = None,
    keep_together: Sequence[str] = (),
) -> Plan:
    prediction = predict(sources_of(durations_s) if sources is None else sources, durations_s)
    return make_plan(prediction, shards=shards, workers=workers, algorithm=algorithm, keep_together=keep_together)


def atoms_of(plan: Plan) -> list[tuple[int, Atom]]:
    return [(shard.index, atom) for shard in plan.shards for atom in shard.atoms]


def listing(plan: Plan, tests: Iterable[str]) -> dict[str, list[int]]:
    """Return for each test the shards whose atoms list it: by name, or by a whole file."""
    homes: dict[str, list[int]] = {nodeid: [] for nodeid in tests}
    for index, atom in atoms_of(plan):
        own = [n for n in homes if file_of(n) == atom.file] if atom.nodeids is None else atom.nodeids
        for nodeid in own:
            homes[nodeid].append(index)
    return homes


# -- ownership -------------------------------------------------------------------------------


@law
@given(hostile_nodeids)
@example("a:::b")
@example("a::b:::c")
@example("::::")
def test_scopes_end_at_the_file(nodeid: str) -> None:
    scopes = list(islice(scopes_of(nodeid), len(nodeid) + 2))
    assert (scopes[0], scopes[-1]) == (function_of(nodeid), file_of(nodeid))
    assert [len(scope) for scope in scopes] == sorted({len(scope) for scope in scopes}, reverse=True)
    assert all(nodeid.startswith(scope) for scope in scopes)


@law
@given(durations, counts, counts, algorithms, st.lists(st.one_of(hostile_nodeids, nodeids), max_size=30))
@example({}, 7, 1, LPT, list(HOSTILE))
@example({"a.py::t": 1.0, "a.py::u": 9.0, "::": 0.0}, 3, 2, LPT, list(HOSTILE))
def test_every_id_has_exactly_one_owner_planned_or_not(
    durations_s: Mapping[str, float], shards: int, workers: int, algorithm: str, others: list[str]
) -> None:
    with no_hang():
        plan = plan_of(durations_s, shards=shards, workers=workers, algorithm=algorithm)
        ids = sorted({*durations_s, *others})
        owners = {nodeid: plan.owner(nodeid) for nodeid in ids}
    by_shard = [{nodeid for nodeid in ids if owners[nodeid] == index} for index in range(1, shards + 1)]
    assert sorted(nodeid for own in by_shard for nodeid in own) == ids
    # A shard never imports a file of which it owns nothing, so this is what keeps a test from being lost.
    assert [nodeid for nodeid in ids if owners[nodeid] not in plan.shards_of(file_of(nodeid))] == []


@law
@given(st.dictionaries(hostile_nodeids, st.integers(0, 9), max_size=20), counts, counts, algorithms)
@example(dict.fromkeys(HOSTILE, 1), 5, 2, LPT)
@example({nodeid: index for index, nodeid in enumerate(HOSTILE)}, 5, 2, "least_duration")
def test_recorded_tests_with_hostile_ids_are_planned_once(
    durations_s: Mapping[str, int], shards: int, workers: int, algorithm: str
) -> None:
    with no_hang():
        plan = plan_of(durations_s, shards=shards, workers=workers, algorithm=algorithm)
        assert listing(plan, durations_s) == {nodeid: [plan.owner(nodeid)] for nodeid in durations_s}


@law
@given(durations, counts, counts, algorithms)
def test_every_known_test_is_in_one_atom_of_its_owner(
    durations_s: Mapping[str, float], shards: int, workers: int, algorithm: str
) -> None:
    plan = plan_of(durations_s, shards=shards, workers=workers, algorithm=algorithm)
    assert listing(plan, durations_s) == {nodeid: [plan.owner(nodeid)] for nodeid in durations_s}
    assert [shard.index for shard in plan.shards] == list(range(1, shards + 1))


@law
@given(durations, counts, counts, st.text("ab[]:", max_size=5))
def test_a_new_parameter_goes_where_its_function_is(
    durations_s: Mapping[str, float], shards: int, workers: int, parameter: str
) -> None:
    plan = plan_of(durations_s, shards=shards, workers=workers)
    homes = {
        function: {plan.owner(nodeid) for nodeid in durations_s if function_of(nodeid) == function}
        for function in map(function_of, durations_s)
    }
    assert {f: plan.owner(f"{f}[new-{parameter}]") in homes[f] for f in homes} == dict.fromkeys(homes, True)


@law
@given(durations, counts, counts)
def test_all_of_an_unplanned_file_has_one_owner(durations_s: Mapping[str, float], shards: int, workers: int) -> None:
    plan = plan_of(durations_s, shards=shards, workers=workers)
    owners = {plan.owner(f"new/test_new.py{rest}") for rest in ("", "::a", "::C::b[1]", "::C::b[x::y]")}
    assert (len(owners), owners == plan.shards_of("new/test_new.py")) == (1, True)


@law
@given(durations, counts, counts)
def test_a_test_is_run_within_the_atom_that_lists_it(
    durations_s: Mapping[str, float], shards: int, workers: int
) -> None:
    plan = plan_of(durations_s, shards=shards, workers=workers)
    units = {
        nodeid: ((atom.nodeids[0] if atom.nodeids else atom.file), atom.expected_ms)
        for _, atom in atoms_of(plan)
        for nodeid in (atom.nodeids or [n for n in durations_s if file_of(n) == atom.file])
    }
    assert {nodeid: plan.unit(nodeid) for nodeid in durations_s} == units


# -- the same input, the same plan -----------------------------------------------------------


@law
@given(durations, counts, counts, algorithms, st.randoms(use_true_random=False))
def test_the_plan_does_not_depend_on_the_order_of_durations_and_sources(
    durations_s: Mapping[str, float], shards: int, workers: int, algorithm: str, random: object
) -> None:
    sources = sources_of(durations_s)
    pairs, shuffled = list(durations_s.items()), list(sources)
    random.shuffle(pairs)  # type: ignore[attr-defined]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = plan_of(durations_s, shards=shards, workers=workers, algorithm=algorithm, sources=sources)
    other = plan_of(dict(pairs), shards=shards, workers=workers, algorithm=algorithm, sources=shuffled)
    assert (other, other.digest) == (one, one.digest)


@law
@given(durations, counts, counts)
def test_recorded_tests_of_other_files_change_nothing(
    durations_s: Mapping[str, float], shards: int, workers: int
) -> None:
    sources = sources_of(durations_s)
    gone = {"gone/test_z.py::test_a": 1e6, "gone.py": 5.0}
    assert plan_of({**durations_s, **gone}, shards=shards, workers=workers, sources=sources) == plan_of(
        durations_s, shards=shards, workers=workers, sources=sources
    )


# -- how good it is --------------------------------------------------------------------------

atom_lists = st.lists(milliseconds, max_size=40).map(
    lambda sizes: [Atom(file=f"test_{index}.py", expected_ms=ms) for index, ms in enumerate(sizes)]
)


@law
@given(atom_lists, counts, counts)
def test_the_wall_is_within_grahams_bound(atoms: list[Atom], shards: int, workers: int) -> None:
    packed = pack(atoms, [], shards=shards, workers=workers)
    machines = shards * workers
    total, longest = sum(a.expected_ms for a in atoms), max((a.expected_ms for a in atoms), default=0)
    wall = max(shard.expected_ms for shard in packed)
    assert wall * machines <= total + (machines - 1) * longest


@law
@given(atom_lists, counts, counts)
def test_packing_partitions_the_atoms_longest_first(atoms: list[Atom], shards: int, workers: int) -> None:
    packed = pack(atoms, [], shards=shards, workers=workers)
    assert sorted((a for s in packed for a in s.atoms), key=str) == sorted(atoms, key=str)
    for shard in packed:
        assert shard.expected_ms == wall_ms(shard.atoms, workers)
        assert list(shard.atoms) == sorted(shard.atoms, key=lambda a: (-a.expected_ms, a.file))


@law
@given(atom_lists, st.data(), counts, counts)
def test_what_is_to_stay_together_ends_on_one_shard(
    atoms: list[Atom], data: st.DataObject, shards: int, workers: int
) -> None:
    group_of = [data.draw(st.integers(0, 3)) for _ in atoms]
    together = [[a for a, g in zip(atoms, group_of) if g == group] for group in (1, 2, 3)]
    together = [group for group in together if group]
    free = [a for a, g in zip(atoms, group_of) if g == 0]
    packed = pack(free, together, shards=shards, workers=workers)
    assert sorted((a for s in packed for a in s.atoms), key=str) == sorted(atoms, key=str)
    homes = {a.file: s.index for s in packed for a in s.atoms}
    assert [len({homes[a.file] for a in group}) for group in together] == [1] * len(together)


@law
@given(durations, counts, counts, algorithms)
def test_no_wall_is_below_the_certified_lower_bound(
    durations_s: Mapping[str, float], shards: int, workers: int, algorithm: str
) -> None:
    plan = plan_of(durations_s, shards=shards, workers=workers, algorithm=algorithm)
    certificate = plan.certificate
    assert certificate is not None
    assert certificate.lower_bound_ms <= certificate.predicted_wall_ms
    assert certificate.ratio >= 1
    assert certificate.predicted_wall_ms == max(wall_ms(s.atoms, workers) for s in plan.shards)
    assert certificate.total_ms == sum(atom.expected_ms for _, atom in atoms_of(plan))
    assert all(certificate.lower_bound_ms <= wall for wall in certificate.rivals_ms.values() if wall is not None)


@law
@given(st.lists(st.lists(milliseconds, max_size=8), max_size=10), counts)
def test_stock_loadfile_is_between_perfect_sharing_and_one_worker(files_ms: list[list[int]], workers: int) -> None:
    total = sum(map(sum, files_ms))
    wall = stock_wall_ms(files_ms, workers)
    longest = max(map(sum, files_ms), default=0)
    assert max(-(-total // workers), longest) <= wall <= total


@law
@given(st.integers(1, 60), counts, counts)
def test_tests_of_no_length_spread_over_the_shards(files: int, shards: int, workers: int) -> None:
    durations_s = {f"test_{index}.py::test": 0.0 for index in range(files)}
    plan = plan_of(durations_s, shards=shards, workers=workers)
    sizes = [len(shard.atoms) for shard in plan.shards]
    assert sum(sizes) == files
    # Worker by worker: no shard gets an atom for its second worker before all have one for their first.
    assert sum(size > 0 for size in sizes) == min(files, shards)


@law
@given(st.integers(1, 9), st.integers(1, 9), counts)
def test_with_fewer_atoms_than_shards_each_shard_has_at_most_one(files: int, more: int, workers: int) -> None:
    durations_s = {f"test_{index}.py::test": float(index + 1) for index in range(files)}
    plan = plan_of(durations_s, shards=files + more, workers=workers)
    assert sorted(len(shard.atoms) for shard in plan.shards) == [0] * more + [1] * files


@law
@given(st.integers(20, 60), st.integers(2, 6), st.integers(1, 4))
def test_a_file_of_nine_tenths_is_cut_until_it_no_longer_binds(tests: int, shards: int, workers: int) -> None:
    durations_s = {f"big.py::test_{index:02}": 9.0 for index in range(tests)}
    durations_s |= {f"small_{index}.py::test": 1.0 for index in range(tests)}
    plan = plan_of(durations_s, shards=shards, workers=workers)
    certificate = plan.certificate
    assert certificate is not None
    assert certificate.predicted_wall_ms <= certificate.total_ms / (shards * workers) + 9000
    assert plan.shards_of("big.py") == frozenset(range(1, shards + 1))


# -- cutting ---------------------------------------------------------------------------------

suites = st.lists(
    st.tuples(
        st.sampled_from(["", "A::", "B::", "B::C::"]),
        st.integers(0, 5),
        st.sampled_from(["", "[1]", "[a::b]"]),
        milliseconds,
    ),
    min_size=1,
    max_size=25,
)


def file_with(tests: Iterable[tuple[str, int, str, int]]) -> PredictedFile:
    """Return a file whose tests are grouped as in a real one: class by class, function by function."""
    unique = {f"t.py::{scope}test_{name}{parameter}": ms for scope, name, parameter, ms in sorted(tests)}
    return PredictedFile(file="t.py", tests=tuple(unique.items()))


def pieces_of(file: PredictedFile, limit_ms: int) -> list[list[tuple[str, int]]]:
    lengths = dict(file.tests)
    atoms = cut(file, limit_ms)
    return [[(n, lengths[n]) for n in (a.nodeids if a.nodeids is not None else lengths)] for a in atoms]


@law
@given(suites, st.integers(1, 200_000))
def test_pieces_are_contiguous_and_keep_the_order(tests: list[tuple[str, int, str, int]], limit_ms: int) -> None:
    file = file_with(tests)
    atoms, pieces = cut(file, limit_ms), pieces_of(file, limit_ms)
    assert tuple(test for piece in pieces for test in piece) == file.tests
    assert [atom.expected_ms for atom in atoms] == [sum(ms for _, ms in piece) for piece in pieces]
    assert [atom.nodeids is None for atom in atoms] == ([True] if len(atoms) == 1 else [False] * len(atoms))
    assert all(pieces)


def class_of(nodeid: str) -> str:
    return function_of(nodeid).rpartition("::")[0]


@law
@given(suites, st.integers(1, 200_000))
@example([("A::", 0, "", 10), ("A::", 1, "", 10), ("", 0, "", 90)], 25)
def test_a_class_or_function_within_the_limit_is_never_divided(
    tests: list[tuple[str, int, str, int]], limit_ms: int
) -> None:
    file = file_with(tests)
    piece_of = {n: index for index, piece in enumerate(pieces_of(file, limit_ms)) for n, _ in piece}
    for scope in (class_of, function_of):
        for name, run in groupby(file.tests, key=lambda test: scope(test[0])):
            own = list(run)
            if name != "t.py" and sum(ms for _, ms in own) <= limit_ms:
                assert {piece_of[nodeid] for nodeid, _ in own} == {piece_of[own[0][0]]}, name


@law
@given(suites, st.integers(1, 200_000))
def test_a_piece_is_at_most_twice_the_limit_unless_it_is_one_test(
    tests: list[tuple[str, int, str, int]], limit_ms: int
) -> None:
    """A block goes where its middle falls, so it reaches over each end of a piece by half at most."""
    for piece in pieces_of(file_with(tests), limit_ms):
        lengths = [ms for _, ms in piece]
        assert sum(lengths) <= 2 * limit_ms or max(lengths) > limit_ms


@law
@given(suites)
def test_a_file_within_the_limit_stays_whole(tests: list[tuple[str, int, str, int]]) -> None:
    file = file_with(tests)
    assert cut(file, file.total_ms) == [whole(file)]
    assert (whole(file).file, whole(file).expected_ms, whole(file).nodeids) == ("t.py", file.total_ms, None)


# -- bonds -----------------------------------------------------------------------------------


@law
@given(
    st.lists(st.lists(st.integers(0, 60_000), min_size=1, max_size=5), min_size=1, max_size=10),
    st.data(),
    st.integers(1, 5),
    st.integers(1, 4),
)
def test_groups_and_globs_each_end_on_one_shard_with_their_files_whole(
    files_ms: list[list[int]], data: st.DataObject, shards: int, workers: int
) -> None:
    sources, durations_s = [], {}
    for index, sizes in enumerate(files_ms):
        directory = data.draw(st.sampled_from(["a", "b", "db"]))
        groups = data.draw(st.sets(st.sampled_from(["x", "y"])))
        file = f"{directory}/test_{index}.py"
        sources.append(SourceFile(file=file, ties=tuple(sorted(groups))))
        durations_s |= {f"{file}::test_{number}": ms / 1000 for number, ms in enumerate(sizes)}
    plan = plan_of(durations_s, shards=shards, workers=workers, sources=sources, keep_together=["db/*"])
    ties = [[s.file for s in sources if name in s.ties] for name in ("x", "y")]
    ties.append([s.file for s in sources if s.file.startswith("db/")])
    for tie in filter(None, ties):
        homes = {(index, atom.nodeids) for index, atom in atoms_of(plan) if atom.file in tie}
        assert homes == {(min(plan.shards_of(tie[0])), None)}
    assert listing(plan, durations_s) == {nodeid: [plan.owner(nodeid)] for nodeid in durations_s}


@pytest.mark.parametrize("shards", [1, 2, 3, 8])
def test_the_lower_bound_is_the_work_or_the_longest_test(shards: int) -> None:
    files = (PredictedFile(file="a.py", tests=(("a.py::a", 7), ("a.py::b", 4))),)
    work = work_of(Prediction(files=files, unknown_tests=0, assumed_ms=0), workers=1)
    assert work.lower_bound_ms(shards) == {1: 11, 2: 7, 3: 7, 8: 7}[shards]
