"""What happened in a shard: attempts, what was collected, how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


class Outcome(str, Enum):
    """How an attempt ended: pytest's words, `crashed` when its worker died under it, and `unknown`.

    Unknown is a result that says nothing, and is no pass: a JUnit file's empty case of an attempt before the last.
    """

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"
    CRASHED = "crashed"
    UNKNOWN = "unknown"

    @property
    def is_bad(self) -> bool:
        """Whether it makes a run red."""
        return self in (Outcome.FAILED, Outcome.ERROR, Outcome.CRASHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One execution of one test.

    `nodeid` is a file's path for an error while collecting it. `rerun` counts this test's
    attempts in the shard from 0; `session` the shard's pytest sessions, from 0 too; `fresh` is n
    in the shard's nth re-run of its failed tests in a fresh process, 0 in its own run. `start_s`
    is seconds since the epoch; `seconds` are setup, call, teardown. `location` is `path:line`,
    1-based, where it broke. `subtests` are (passed, failed). `lock_wait_s` is how long the test waited,
    before it began, for those that its marks keep away from it; no part of `seconds`.
    """

    nodeid: str
    outcome: Outcome
    rerun: int = 0
    session: int = 0
    fresh: int = 0
    worker: str = "main"
    start_s: float = 0.0
    seconds: tuple[float, float, float] = (0.0, 0.0, 0.0)
    phase: str = "call"
    message: str = ""
    text: str = ""
    location: str = ""
    subtests: tuple[int, int] = (0, 0)
    lock_wait_s: float = 0.0

    @property
    def total_s(self) -> float:
        """Setup, call and teardown together."""
        return sum(self.seconds)

    def condition_after(self, before: Attempt) -> str:
        """Return what was different from an earlier attempt in the same job, for people."""
        if self.fresh != before.fresh:
            return "in a fresh process"
        if self.session != before.session:
            return "in another pytest session"
        return "in the same process" if self.worker == before.worker else f"on another worker, {self.worker}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """What a pytest session said of itself before its first test.

    `rerun` is n for the shard's nth re-run of its failed tests, 0 for its own run.
    """

    nonce: str
    python: str
    pytest: str
    xdist: str
    workers: int
    dist: str
    rootdir: str
    start_s: float
    rerun: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One pytest session. `exit_status` is None when it never ended.

    `running` had begun and not ended, the one that began first in front. `unexplained` is the
    number of failures that pytest counted and no test or file reported: a plugin's threshold.
    """

    begin: Begin
    attempts: tuple[Attempt, ...] = ()
    running: tuple[str, ...] = ()
    exit_status: int | None = None
    end_s: float = 0.0
    unexplained: int = 0

    @property
    def has_ended(self) -> bool:
        """Whether pytest came to its own end: tests passed, tests failed, or there were none."""
        return self.exit_status in (0, 1, 5)


def deciding(attempts: Sequence[Attempt]) -> Attempt:
    """Return the attempt of one test, in one job, that says how it ended; `attempts` as they ended.

    A plugin's rerun replaces what it repeats, in its process or after a crash. Runs that repeat
    nothing, in several sessions or with `--dist each`, are all held against the test: the first
    bad one decides. A re-run in a fresh process mends a failure only by passing.
    """
    if len(attempts) == 1:
        return attempts[0]
    runs: dict[tuple[int, str], Attempt] = {}
    for attempt in attempts:
        if not attempt.fresh:
            crashed = [
                place for place, a in runs.items() if a.outcome is Outcome.CRASHED and place[0] == attempt.session
            ]
            runs.pop(crashed[0] if crashed else (attempt.session, attempt.worker), None)
            runs[attempt.session, attempt.worker] = attempt
    again = [attempt for attempt in attempts if attempt.fresh]
    bad = next((attempt for attempt in runs.values() if attempt.outcome.is_bad), None)
    if not runs or (bad is not None and again):
        mended = next((a for a in again if a.outcome in (Outcome.PASSED, Outcome.XPASSED)), None)
        return mended or bad or again[-1]
    return bad or list(runs.values())[-1]


def final_attempts(sessions: Iterable[Session]) -> dict[str, Attempt]:
    """Return each test's deciding attempt, by node id, in the order of their first ones."""
    by_test: dict[str, list[Attempt]] = {}
    for session in sessions:
        for attempt in session.attempts:
            by_test.setdefault(attempt.nodeid, []).append(attempt)
    return {nodeid: deciding(attempts) for nodeid, attempts in by_test.items()}


class FileState(str, Enum):
    """What became of a file in a shard's collection; of two sessions the earlier one here holds."""

    FAILED = "failed"  # its collection raised
    SEEN = "seen"  # ours, and pytest collected it
    SKIPPED = "skipped"  # the module skipped itself while being imported
    LEFT = "left"  # wholly another shard's, not imported
    IGNORED = "ignored"  # by pytest's or the project's own rules
    ABSENT = "absent"  # planned for us, no longer on disk
    UNREACHED = "unreached"  # planned for us and on disk, but pytest never looked at it


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedFile:
    """One file in a shard's collection, with the node ids found in it, in collection order.

    `serial` are those of the selected that must not run beside any other test, `held_back` those of
    the deselected that `-m` left out by a mark of ours, say `-m "not serial"`. `global_resources` are
    what the selected share with tests of other shards.
    """

    file: str
    state: FileState
    reason: str = ""
    selected: tuple[str, ...] = ()
    deselected: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    serial: tuple[str, ...] = ()
    held_back: tuple[str, ...] = ()
    global_resources: tuple[str, ...] = ()

    def joined(self, other: CollectedFile) -> CollectedFile:
        """Return what two sessions met in one file; what either of them selected isn't deselected."""
        states = list(FileState)
        selected = self.selected + other.selected
        chosen = set(selected)
        deselected = dict.fromkeys(self.deselected + other.deselected)
        return CollectedFile(
            file=self.file,
            state=min(self.state, other.state, key=states.index),
            reason=self.reason or other.reason,
            selected=selected,
            deselected=tuple(nodeid for nodeid in deselected if nodeid not in chosen),
            left=tuple(dict.fromkeys(self.left + other.left)),
            serial=tuple(dict.fromkeys(self.serial + other.serial)),
            held_back=tuple(
                nodeid for nodeid in dict.fromkeys(self.held_back + other.held_back) if nodeid not in chosen
            ),
            global_resources=tuple(dict.fromkeys(self.global_resources + other.global_resources)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """All that a shard's collection met; `complete` when it was written to its end.

    `sessions` names the pytest sessions it is of: a command may call pytest more than once.
    """

    files: tuple[CollectedFile, ...]
    complete: bool = True
    sessions: tuple[str, ...] = ()

    def joined(self, other: Collection) -> Collection:
        """Return what both met, sorted by file."""
        files = {file.file: file for file in self.files}
        for file in other.files:
            files[file.file] = files[file.file].joined(file) if file.file in files else file
        return Collection(
            files=tuple(files[name] for name in sorted(files)),
            complete=self.complete and other.complete,
            sessions=self.sessions + other.sessions,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The label on a bundle. `sealed` is False until the command has ended.

    `files` maps each file of the bundle to its SHA-256; `exit_code` is the command's,
    negative for a signal, None while it runs. `stopped` says why `ci-tools run` ended the
    command itself, "" when it didn't. `rerun_exit_code` is that of the last re-run's command.
    """

    shard: int
    shards: int
    attempt: int
    plan_digest: str
    nonce: str
    command: tuple[str, ...]
    key: str = ""
    sha: str = ""
    sealed: bool = False
    exit_code: int | None = None
    stopped: str = ""
    rerun_exit_code: int | None = None
    start_s: float = 0.0
    end_s: float = 0.0
    files: Mapping[str, str] = field(default_factory=dict)
