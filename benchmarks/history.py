"""How long history takes in a merge: 100,000 tests, 40 runs recorded.

Data: generated in a temporary directory from a fixed seed: reports of 100,000 tests, 1 % of them failed, 1 % skipped
and 0.1 % flips, each run of a commit of its own.

How to read it: `record` is one more run into the file, with the checks before it, the oldest run forgotten (the file
is full then), and the checkpoint that leaves one file; `read_past` is all that a merge knows from before. Both in this
process, median of 5; the bars are for CPU seconds, which other processes disturb least. Peak memory is this process's
own, with one report in it. `ci-tools history` is the whole command as a process of its own.
"""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median

from _bench import CI_TOOLS, judged, print_table, run, say, scratch

from ci_tools.history.past import read_past
from ci_tools.history.record import RunRecord, record
from ci_tools.model.report import CaseResult, Conclusion, Report
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.words import size

TESTS, RUNS, ROUNDS = 100_000, 40, 5
RECORD_BAR_S, READ_BAR_S = 2.0, 2.5
_EMPTY: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    ("reasons", "notes", "lost", "duplicated", "unplanned", "gone", "ignored", "skipped_modules", "deselected"), ()
)


def main() -> None:
    chance = random.Random(1)
    with scratch() as root:
        path = root / "history.sqlite"
        say(f"recording {RUNS} runs …")
        for number in range(1, RUNS + 1):
            _record(path, number, _report(chance))
        more = _report(chance)
        records = [_timed(lambda n=n: _record(path, RUNS + n, more)) for n in range(1, ROUNDS + 1)]
        reads = [_timed(lambda: _read(path)) for _ in range(ROUNDS)]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        wholes = [run([*CI_TOOLS, "history", "--history", str(path)], cwd=root) for _ in range(ROUNDS)]
        n_bytes = path.stat().st_size
    print_table(
        f"history of {TESTS:,} tests × {RUNS} runs, median of {ROUNDS}",
        ["what", "CPU seconds, bar", "wall seconds"],
        [
            ["record", judged(_median(records, 1), RECORD_BAR_S, 2, " s"), f"{_median(records, 0):.2f}"],
            ["read_past", judged(_median(reads, 1), READ_BAR_S, 2, " s"), f"{_median(reads, 0):.2f}"],
            [
                "ci-tools history",
                f"{median(one.cpu_s for one in wholes):.2f}",
                f"{median(one.wall_s for one in wholes):.2f}",
            ],
        ],
    )
    print(f"the file: {size(n_bytes)}; peak memory: {size(peak)}")


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU seconds of one call."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall_s, time.process_time() - cpu_s


def _median(times: list[tuple[float, float]], which: int) -> float:
    return median(one[which] for one in times)


def _record(path: Path, number: int, report: Report) -> None:
    place = RunRecord(
        key="tests", branch="main", sha=f"{number:040x}", run_id=number, run_attempt=1, at_s=1e9 + 3600 * number
    )
    record(path, report, place)


def _read(path: Path) -> None:
    read_past(path, key="tests", base_branch="main", sha="f" * 40, run_id=0)


def _report(chance: random.Random) -> Report:
    return Report(
        conclusion=Conclusion.FAILED,
        plan_digest="",
        workers=8,
        certificate=None,
        shards=(),
        not_run=(),
        cases=tuple(_case(number, chance) for number in range(TESTS)),
        **_EMPTY,  # type: ignore[arg-type]
    )


def _case(number: int, chance: random.Random) -> CaseResult:
    nodeid = f"tests/area_{number // 1000:02}/test_{number // 10:05}.py::TestPart::test_case[{number}]"
    luck = chance.random()
    outcome = Outcome.FAILED if luck < 0.01 else Outcome.SKIPPED if luck < 0.02 else Outcome.PASSED
    last = Attempt(nodeid=nodeid, outcome=outcome, seconds=(0.0, chance.lognormvariate(-3, 1), 0.0))
    attempts = ((1, last),)
    if luck > 0.999:
        attempts = ((1, replace(last, outcome=Outcome.FAILED, message="assert 0")), (1, replace(last, rerun=1)))
    return CaseResult(nodeid=nodeid, shard=1, attempts=attempts)


if __name__ == "__main__":
    main()
