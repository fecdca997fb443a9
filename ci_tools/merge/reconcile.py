"""The proof: every test file was seen by its owner, every selected test reported exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ci_tools.merge.state import ShardRecord, sentence, unreported
from ci_tools.model.nodeid import file_of, scopes_of
from ci_tools.model.plan import Plan
from ci_tools.model.report import CaseResult, NotRun, ShardState
from ci_tools.model.run import Attempt, CollectedFile, FileState, Outcome

HELD_BACK = (
    "marked to run apart from others, and left out by -m: leave -m out, such tests run apart by themselves; or say "
    "run_elsewhere = true in [tool.ci-tools.marks]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What the bundles prove and what they don't; every tuple sorted. See `model.report.Report`.

    `split_resources` are global resources with the shards that used them, where that is more than
    one; `skipped_serial` are serial tests that were only skipped.
    """

    cases: tuple[CaseResult, ...]
    not_run: tuple[NotRun, ...]
    lost: tuple[str, ...]
    duplicated: tuple[str, ...]
    shared_ids: tuple[str, ...]
    unplanned: tuple[str, ...]
    gone: tuple[str, ...]
    ignored: tuple[str, ...]
    skipped_modules: tuple[str, ...]
    deselected: tuple[str, ...]
    split_resources: tuple[tuple[str, tuple[int, ...]], ...]
    skipped_serial: tuple[str, ...]


def reconcile(records: Sequence[ShardRecord], plan: Plan) -> Reconciled:
    """Hold what the shards report against the plan. Foreign bundles prove nothing."""
    usable = [record for record in records if record.state is not ShardState.FOREIGN]
    met = {record.index: _files(record) for record in usable if record.collected}
    everything = [file for files in met.values() for file in files.values()]
    cases = _cases(usable)
    not_run = [*_not_run(records, plan), *_held_back(met, cases)]
    return Reconciled(
        cases=cases,
        not_run=tuple(sorted(not_run, key=lambda missing: (missing.shard, missing.name))),
        lost=tuple(sorted(set(_lost(met, plan)))),
        duplicated=tuple(sorted(_duplicated(usable))),
        shared_ids=tuple(sorted(_shared_ids(everything))),
        unplanned=tuple(sorted(_unplanned(everything, plan))),
        gone=tuple(sorted(_gone(met, plan))),
        ignored=_named(everything, FileState.IGNORED),
        skipped_modules=_named(everything, FileState.SKIPPED),
        deselected=tuple(sorted({nodeid for file in everything for nodeid in file.deselected})),
        split_resources=tuple(_split_resources(met)),
        skipped_serial=_skipped_serial(everything, cases),
    )


def _files(record: ShardRecord) -> dict[str, CollectedFile]:
    collection = record.bundle.collection if record.bundle else None
    return {file.file: file for file in collection.files} if collection else {}


def _named(files: Iterable[CollectedFile], state: FileState) -> tuple[str, ...]:
    return tuple(sorted({file.file for file in files if file.state is state}))


def _cases(records: Iterable[ShardRecord]) -> tuple[CaseResult, ...]:
    """Return each test with its attempts; of two shards that ran one, the lower holds it."""
    cases: dict[str, CaseResult] = {}
    for record in records:
        newest = {attempt.nodeid for attempt in record.attempts}
        attempts: dict[str, list[tuple[int, Attempt]]] = {}
        for run_attempt, attempt in record.history():
            attempts.setdefault(attempt.nodeid, []).append((run_attempt, attempt))
        for nodeid in newest - cases.keys():
            cases[nodeid] = CaseResult(nodeid=nodeid, shard=record.index, attempts=tuple(attempts[nodeid]))
    return tuple(cases[nodeid] for nodeid in sorted(cases))


def _not_run(records: Iterable[ShardRecord], plan: Plan) -> Iterator[NotRun]:
    for record in records:
        reported = {attempt.nodeid for attempt in record.attempts}
        why = _cause(record)
        if record.state is ShardState.FOREIGN or not record.collected:
            yield from (
                NotRun(name=name, shard=record.index, why=why)
                for name in _planned_names(plan, record.index)
                if name not in reported
            )
            continue
        if record.bundle is not None:
            yield from (NotRun(name=nodeid, shard=record.index, why=why) for nodeid in unreported(record.bundle))
        for file in _files(record).values():
            if file.state is FileState.UNREACHED:
                why_not = (
                    f"planned for shard {record.index}, but its pytest command doesn't reach this file: plan with the "
                    "same paths, or set testpaths"
                )
                yield NotRun(name=file.file, shard=record.index, why=why_not)


def _held_back(met: dict[int, dict[str, CollectedFile]], cases: Iterable[CaseResult]) -> Iterator[NotRun]:
    """Yield the tests that `-m` left out for a mark of ours and that nobody ran."""
    ran = {case.nodeid for case in cases}
    for index, files in met.items():
        for file in files.values():
            yield from (
                NotRun(name=nodeid, shard=index, why=HELD_BACK) for nodeid in file.held_back if nodeid not in ran
            )


def _split_resources(met: dict[int, dict[str, CollectedFile]]) -> Iterator[tuple[str, tuple[int, ...]]]:
    users: dict[str, set[int]] = {}
    for index, files in met.items():
        for file in files.values():
            for name in file.global_resources:
                users.setdefault(name, set()).add(index)
    return ((name, tuple(sorted(users[name]))) for name in sorted(users) if len(users[name]) > 1)


def _skipped_serial(files: Iterable[CollectedFile], cases: Iterable[CaseResult]) -> tuple[str, ...]:
    serial = {nodeid for file in files for nodeid in file.serial}
    return tuple(case.nodeid for case in cases if case.nodeid in serial and case.outcome is Outcome.SKIPPED)


def _cause(record: ShardRecord) -> str:
    """Return what kept a shard's tests from running."""
    if record.state is ShardState.MISSING:
        return f"shard {record.index} is missing"
    if record.state.is_proof:
        return f"shard {record.index} ended without running it"
    return sentence(record.index, record.state, record.reason)


def _planned_names(plan: Plan, index: int) -> Iterator[str]:
    for atom in plan.shards[index - 1].atoms:
        yield from atom.nodeids if atom.nodeids is not None else (atom.file,)


def _lost(met: dict[int, dict[str, CollectedFile]], plan: Plan) -> Iterator[str]:
    """Yield what one shard left to another that, with a whole list of its own, never met it."""
    for index, files in met.items():
        for file in files.values():
            if file.state is FileState.LEFT:
                yield from _lost_file(index, file.file, met, plan)
            for nodeid in file.left:
                owner = plan.owner(nodeid)
                if owner in met and not _met_test(nodeid, met[owner].get(file_of(nodeid))):
                    yield f"{nodeid}: shard {index} left it to shard {owner}, which didn't find it"


def _lost_file(index: int, name: str, met: dict[int, dict[str, CollectedFile]], plan: Plan) -> Iterator[str]:
    for owner in plan.shards_of(name):
        if owner not in met:
            continue
        theirs = met[owner].get(name)
        if theirs is None or theirs.state in (FileState.ABSENT, FileState.LEFT):
            yield f"{name}: shard {index} left it to shard {owner}, which didn't find it"


def _met_test(nodeid: str, file: CollectedFile | None) -> bool:
    if file is None:
        return False
    # A module that failed or skipped itself has no tests to find; its state is reported.
    whole = file.state in (FileState.FAILED, FileState.SKIPPED, FileState.IGNORED)
    return whole or nodeid in file.selected or nodeid in file.deselected


def _duplicated(records: Iterable[ShardRecord]) -> Iterator[str]:
    homes: dict[str, list[int]] = {}
    for record in records:
        for nodeid in {attempt.nodeid for attempt in record.attempts if attempt.phase != "collect"}:
            homes.setdefault(nodeid, []).append(record.index)
    for nodeid, shards in homes.items():
        if len(shards) > 1:
            yield f"{nodeid}: ran in shards {', '.join(map(str, shards))}"


def _shared_ids(files: Iterable[CollectedFile]) -> Iterator[str]:
    for file in files:
        if len(file.selected) != len(set(file.selected)):
            yield from (nodeid for nodeid, n in Counter(file.selected).items() if n > 1)


def _unplanned(files: Iterable[CollectedFile], plan: Plan) -> Iterator[str]:
    """Yield files, and tests of cut files, that the plan doesn't know."""
    pieces = _planned_pieces(plan)
    for file in files:
        if file.file not in plan.planned_files:
            if file.selected:
                yield file.file
        elif file.file in pieces:
            known = pieces[file.file]
            yield from (nodeid for nodeid in file.selected if not _is_known(nodeid, known))


def _is_known(nodeid: str, known: set[str]) -> bool:
    return nodeid in known or next(scopes_of(nodeid)) in known


def _planned_pieces(plan: Plan) -> dict[str, set[str]]:
    pieces: dict[str, set[str]] = {}
    for shard in plan.shards:
        for atom in shard.atoms:
            if atom.nodeids is not None:
                pieces.setdefault(atom.file, set()).update(atom.nodeids)
    return pieces


def _gone(met: dict[int, dict[str, CollectedFile]], plan: Plan) -> Iterator[str]:
    """Yield planned files and tests that their owners looked for in vain."""
    for index, files in met.items():
        for atom in plan.shards[index - 1].atoms:
            file = files.get(atom.file)
            if file is None or file.state is FileState.ABSENT:
                yield atom.file
            elif atom.nodeids is not None and file.state is FileState.SEEN:
                found = {*file.selected, *file.deselected, *file.left}
                found |= {scope for nodeid in found for scope in scopes_of(nodeid)}
                yield from (nodeid for nodeid in atom.nodeids if nodeid not in found and nodeid not in atom.guessed)
