"""What is written into a bundle for others to read: its junit.xml, and what it cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from ci_tools.formats import attempts_jsonl, collected_jsonl, cost_json, junit_xml
from ci_tools.model.bundle import MAX_FILE_BYTES
from ci_tools.model.cost import Price, Runner, ShardCost, WorkerTime
from ci_tools.model.errors import CiToolsError
from ci_tools.model.prices import price_of
from ci_tools.model.report import CaseResult, NotRun
from ci_tools.model.run import Attempt, Manifest, Outcome, Session
from ci_tools.model.spending import spending_of
from ci_tools.store.files import read_text, write_text
from ci_tools.store.ledger import DIRECTORY, read_books


def write_exports(
    bundle: Path,
    manifest: Manifest,
    runner: Runner,
    usd_per_minute: Decimal | None,
    *,
    setup_s: float | None,
    say: Callable[[str], None],
    budget_usd: Decimal | None = None,
) -> None:
    """Write `junit.xml` and `cost.json` of a command that has ended; say so in one line when it can't be done."""
    price = price_of(runner, usd_per_minute)
    try:
        sessions = _sessions(bundle, manifest)
        write_text(bundle / "junit.xml", junit_of(manifest, sessions, _selected(bundle)))
        cost = cost_of(manifest, sessions, runner=runner, price=price, setup_s=setup_s)
        spending = spending_of({(manifest.shard, manifest.attempt): read_books(bundle / DIRECTORY)}, budget_usd)
        write_text(bundle / "cost.json", cost_json.dumps(replace(cost, spending=spending)))
    except CiToolsError as error:
        say(f"shard {manifest.shard}/{manifest.shards}: no junit.xml or cost.json: {error.fact}")
    except Exception as error:  # even a bug of ours must not cost the bundle, which is the proof
        say(f"shard {manifest.shard}/{manifest.shards}: no junit.xml or cost.json: {type(error).__name__}: {error}")


def read_sessions(bundle: Path, *, source: str) -> tuple[Session, ...]:
    """Return what the shard's pytest sessions have recorded so far; none when there is no file."""
    path = bundle / "attempts.jsonl"
    if not path.is_file():
        return ()
    return attempts_jsonl.loads(read_text(path, max_bytes=MAX_FILE_BYTES), source=source)[0]


def _sessions(bundle: Path, manifest: Manifest) -> tuple[Session, ...]:
    sessions = read_sessions(bundle, source="attempts.jsonl")
    return tuple(session for session in sessions if session.begin.nonce == manifest.nonce)


def _selected(bundle: Path) -> tuple[str, ...]:
    """Return the tests that the shard had to run, as far as that was written."""
    path = bundle / "collected.jsonl"
    if not path.is_file():
        return ()
    collection = collected_jsonl.loads(read_text(path, max_bytes=MAX_FILE_BYTES), source=path.name)
    return tuple(nodeid for file in collection.files for nodeid in file.selected)


def junit_of(manifest: Manifest, sessions: Sequence[Session], selected: Iterable[str]) -> str:
    """Return one shard's results as JUnit XML; what was selected and has none is an error."""
    attempts: dict[str, list[tuple[int, Attempt]]] = {}
    for session in sessions:
        for attempt in session.attempts:
            attempts.setdefault(attempt.nodeid, []).append((manifest.attempt, attempt))
    cases = [CaseResult(nodeid=nodeid, shard=manifest.shard, attempts=tuple(own)) for nodeid, own in attempts.items()]
    why = f"shard {manifest.shard} {'was ' + manifest.stopped if manifest.stopped else 'ended without running it'}"
    missing = [nodeid for nodeid in dict.fromkeys(selected) if nodeid not in attempts]
    return junit_xml.dumps(cases, [NotRun(name=nodeid, shard=manifest.shard, why=why) for nodeid in missing])


def cost_of(
    manifest: Manifest, sessions: Sequence[Session], *, runner: Runner, price: Price, setup_s: float | None
) -> ShardCost:
    """Return where the time of one job went, and at what price."""
    own = [session for session in sessions if not session.begin.rerun]
    again = [session for session in sessions if session.begin.rerun]
    return ShardCost(
        shard=manifest.shard,
        shards=manifest.shards,
        attempt=manifest.attempt,
        runner=runner,
        price=price,
        workers=max((session.begin.workers for session in own), default=0),
        setup_s=None if setup_s is None else _rounded(setup_s),
        command_s=_rounded(manifest.end_s - manifest.start_s),
        collection_s=_rounded(sum(_collection_s(session) for session in own)),
        tests_s=_rounded(sum(end_s - start_s for start_s, end_s in map(_span, own))),
        rerun_s=_rounded(sum(max(0.0, _end_s(session) - session.begin.start_s) for session in again)),
        worker_times=_worker_times(own),
    )


def _tests(session: Session) -> list[Attempt]:
    return [attempt for attempt in session.attempts if attempt.start_s and attempt.phase != "collect"]


def _span(session: Session) -> tuple[float, float]:
    """Return when the first test began and the last one ended, seconds since the epoch; (0, 0) without any."""
    tests = _tests(session)
    if not tests:
        return 0.0, 0.0
    return min(test.start_s for test in tests), max(test.start_s + test.total_s for test in tests)


def _end_s(session: Session) -> float:
    """Return when the session ended; of a killed one when its last test did."""
    return session.end_s or _span(session)[1] or session.begin.start_s


def _collection_s(session: Session) -> float:
    """Return the time until the first test; all of it when there was none."""
    return max(0.0, (_span(session)[0] or _end_s(session)) - session.begin.start_s)


def _worker_times(sessions: Iterable[Session]) -> tuple[WorkerTime, ...]:
    """Return each worker's time within its sessions' tests; the same name in two sessions is one row."""
    busy: dict[str, float] = {}
    present: dict[str, float] = {}
    for session in sessions:
        start_s, end_s = _span(session)
        tests: dict[str, list[Attempt]] = {worker: [] for worker in _first_workers(session)}
        first = set(tests)
        for test in _tests(session):
            tests.setdefault(test.worker, []).append(test)
        for worker, own in tests.items():
            # One that replaced a dead one was not there before its first test, the dead one not after its last.
            begin_s = start_s if worker in first else min(test.start_s for test in own)
            died = any(test.outcome is Outcome.CRASHED for test in own)
            gone_s = max(test.start_s + test.total_s for test in own) if died else end_s
            busy[worker] = busy.get(worker, 0.0) + sum(test.total_s for test in own)
            present[worker] = present.get(worker, 0.0) + gone_s - begin_s
    return tuple(
        WorkerTime(worker=worker, busy_s=_rounded(busy[worker]), idle_s=_rounded(present[worker] - busy[worker]))
        for worker in sorted(busy, key=lambda worker: (len(worker), worker))
    )


def _first_workers(session: Session) -> list[str]:
    """Return the workers that pytest-xdist started with, those that got no test included."""
    return ["main"] if session.begin.dist == "no" else [f"gw{index}" for index in range(session.begin.workers)]


def _rounded(seconds: float) -> float:
    return round(max(0.0, seconds), 3)
