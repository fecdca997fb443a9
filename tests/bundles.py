"""Bundles as values, for tests of the merge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ci_tools.model.bundle import Bundle, bundle_name
from ci_tools.model.nodeid import file_of
from ci_tools.model.plan import Atom, Plan, Shard
from ci_tools.model.run import Attempt, Begin, CollectedFile, Collection, FileState, Manifest, Outcome, Session

BEGIN = Begin(
    nonce="abc", python="3.11.7", pytest="9.2.0", xdist="3.8.0", workers=2, dist="loadfile", rootdir="/r", start_s=1.0
)


def plan_of_files(*shards: Iterable[str], workers: int = 2) -> Plan:
    """Return a plan of whole files."""
    return Plan(
        workers=workers,
        shards=tuple(
            Shard(index=index, expected_ms=1000, atoms=tuple(Atom(file=file, expected_ms=1000) for file in files))
            for index, files in enumerate(shards, 1)
        ),
    )


def attempt(nodeid: str, outcome: str = "passed", **fields: object) -> Attempt:
    return replace(
        Attempt(nodeid=nodeid, outcome=Outcome(outcome), worker="gw0", start_s=10.0, seconds=(0.0, 1.0, 0.0)),
        **fields,  # type: ignore[arg-type]
    )


def seen(*nodeids: str, left: Iterable[str] = (), deselected: Iterable[str] = ()) -> list[CollectedFile]:
    """Return the collected files of these selected ids."""
    files: dict[str, dict[str, list[str]]] = {}
    for kind, ids in (("selected", nodeids), ("left", left), ("deselected", deselected)):
        for nodeid in ids:
            files.setdefault(file_of(nodeid), {}).setdefault(kind, []).append(nodeid)
    return [
        CollectedFile(file=file, state=FileState.SEEN, **{kind: tuple(ids) for kind, ids in kinds.items()})
        for file, kinds in files.items()
    ]


def bundle(
    plan: Plan,
    shard: int,
    attempts: Iterable[Attempt],
    files: Iterable[CollectedFile] | None = None,
    *,
    run_attempt: int = 1,
    status: int | None = None,
    sealed: bool = True,
    exit_code: int | None = None,
    running: tuple[str, ...] = (),
    workers: int = 2,
) -> Bundle:
    """Return what a run of the shard leaves; what isn't said follows from the attempts."""
    attempts = tuple(attempts)
    if status is None:
        status = 1 if any(a.outcome.is_bad for a in attempts) else 0 if attempts else 5
    if files is None:
        files = seen(*dict.fromkeys(a.nodeid for a in attempts))
    k = len(plan.shards)
    manifest = Manifest(
        shard=shard,
        shards=k,
        attempt=run_attempt,
        plan_digest=plan.digest,
        nonce=BEGIN.nonce,
        command=("pytest",),
        sealed=sealed,
        exit_code=(status if exit_code is None else exit_code) if sealed else None,
        start_s=1.0,
        end_s=100.0,
    )
    session = Session(
        begin=replace(BEGIN, workers=workers),
        attempts=attempts,
        running=running,
        exit_status=status if sealed else None,
        end_s=99.0 if sealed else 0.0,
    )
    return Bundle(
        name=bundle_name(shard, k, run_attempt),
        shard=shard,
        shards=k,
        attempt=run_attempt,
        manifest=manifest,
        plan=plan,
        sessions=(session,),
        collection=Collection(files=tuple(files)),
        problems=(),
    )
