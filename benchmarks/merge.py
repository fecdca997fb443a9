"""What merging costs: JUnit files of two runs, A (64 shards × 2,000 tests) and B (256 × 4,000).

Data: generated in a temporary directory from a fixed seed: pytest's xunit2, 20 tests a class, 1 % of
them failing with 5 KB of text. The bundles hold the same results as `ci-tools run` records them.

How to read it: each row is a process of its own, its CPU seconds (user + system, best of 3 for what
takes less than a minute) and its peak memory, interpreter and all. "expat alone" only parses, with no
handler set, and finds nothing. "expat and an index" has the two handlers that a reader can't do without,
and keeps outcome, time and message by test: the least that a merge in Python takes, so the bar is a multiple of
it. `ci-tools` is `ci_tools.merge`: read,
node ids on a list of the checkout's files, the report. The bundle path reads the bundles, with their
plan, their starts and workers, and holds them against it.

`--all` has the slow rows on B too: junitparser takes minutes there.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from _bench import ROOT, environ, judged, print_table, run, say, scratch

from ci_tools.formats import attempts_jsonl, collected_jsonl, manifest_json, plan_json
from ci_tools.merge.imported import merge_junit
from ci_tools.merge.judge import merge, plan_of
from ci_tools.merge.junit.find import checkout_files, find_junit, read_all
from ci_tools.merge.junit.identity import NodeIds
from ci_tools.merge.read import read_bundles
from ci_tools.model.bundle import bundle_name
from ci_tools.model.plan import Atom, Plan, Shard
from ci_tools.model.run import Attempt, Begin, CollectedFile, Collection, FileState, Manifest, Outcome
from ci_tools.store.collector import collector_paused
from ci_tools.store.files import sha256

TESTS_A_FILE = 20
TEXT = "E   assert 1 == 2  # what went wrong, line by line\n" * 100
CPU_BAR, MEMORY_BAR_MB = 3.0, 600
ROUNDS = 3
BARE, INDEX, OURS, JUNITPARSER, BUNDLES = (
    "expat alone",
    "expat and an index",
    "ci-tools",
    "junitparser merge",
    "ci-tools, bundles",
)


class Size(NamedTuple):
    """How large a run is."""

    name: str
    shards: int
    tests: int

    def files(self, shard: int) -> list[str]:
        n_files = self.tests // TESTS_A_FILE
        return [f"tests/area_{shard:03}/test_part_{number:03}.py" for number in range(n_files)]


SIZES = (Size("A", 64, 2_000), Size("B", 256, 4_000))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true", help="the slow rows on B too")
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "DIR"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        what, directory = args.measure
        _measured(READERS[what], Path(directory))
        return
    with scratch() as root:
        for size in SIZES:
            is_quick = size.name == "A" or args.all
            say(f"generating {size.shards} × {size.tests:,} cases …")
            generate(root / size.name, size, with_bundles=is_quick)
            _table(root / size.name, size, list(READERS) if is_quick else [BARE, INDEX, OURS])


def generate(root: Path, size: Size, *, with_bundles: bool) -> None:
    """Write `junit/N.xml`, empty test files in `checkout`, and bundles."""
    chance = random.Random(1)
    plan = Plan(
        workers=2,
        shards=tuple(
            Shard(index=shard, expected_ms=1, atoms=tuple(Atom(file=f, expected_ms=1) for f in size.files(shard)))
            for shard in range(1, size.shards + 1)
        ),
    )
    (root / "junit").mkdir(parents=True)
    for shard in range(1, size.shards + 1):
        for file in size.files(shard):
            (root / "checkout" / file).parent.mkdir(parents=True, exist_ok=True)
            (root / "checkout" / file).touch()
        attempts = [_attempt(nodeid, chance) for file in size.files(shard) for nodeid in _nodeids(file)]
        (root / "junit" / f"{shard:03}.xml").write_text(_junit(attempts), encoding="utf-8")
        if with_bundles:
            _write_bundle(root / "bundles" / bundle_name(shard, size.shards, 1), shard, plan, attempts)


def _nodeids(file: str) -> list[str]:
    return [f"{file}::TestPart::test_case_number_{number}[value-{number % 7}]" for number in range(TESTS_A_FILE)]


def _attempt(nodeid: str, chance: random.Random) -> Attempt:
    has_failed = chance.random() < 0.01
    return Attempt(
        nodeid=nodeid,
        outcome=Outcome.FAILED if has_failed else Outcome.PASSED,
        worker="gw0",
        start_s=1.0,
        seconds=(0.0, round(chance.lognormvariate(-3, 1), 3), 0.0),
        message="assert 1 == 2" if has_failed else "",
        text=TEXT if has_failed else "",
    )


def _junit(attempts: Sequence[Attempt]) -> str:
    rows = []
    for attempt in attempts:
        file, classname, name = attempt.nodeid.split("::")
        dotted = file.removesuffix(".py").replace("/", ".")
        head = f'<testcase classname="{dotted}.{classname}" name="{name}" time="{attempt.total_s:.3f}"'
        failure = f'><failure message="{attempt.message}">{attempt.text}</failure></testcase>'
        rows.append(head + (failure if attempt.text else " />"))
    bad = sum(attempt.outcome.is_bad for attempt in attempts)
    suite = f'<testsuite name="pytest" errors="0" failures="{bad}" skipped="0" tests="{len(attempts)}" time="1.000">'
    body = "".join(rows)
    return (
        f'<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests">{suite}{body}</testsuite></testsuites>'
    )


def _write_bundle(directory: Path, shard: int, plan: Plan, attempts: Sequence[Attempt]) -> None:
    directory.mkdir(parents=True)
    begin = Begin(
        nonce="n", python="3.11", pytest="9.0", xdist="3.8", workers=2, dist="loadfile", rootdir="/r", start_s=1.0
    )
    lines = [attempts_jsonl.begin_line(begin)]
    by_file: dict[str, list[str]] = {}
    for attempt in attempts:
        lines += [attempts_jsonl.start_line(attempt.nodeid, "gw0"), attempts_jsonl.attempt_line(attempt)]
        by_file.setdefault(attempt.nodeid.partition("::")[0], []).append(attempt.nodeid)
    exit_status = int(any(attempt.outcome.is_bad for attempt in attempts))
    lines.append(attempts_jsonl.end_line(exit_status, 2.0))
    files = tuple(CollectedFile(file=f, state=FileState.SEEN, selected=tuple(ids)) for f, ids in by_file.items())
    texts = {
        "plan.json": plan_json.dumps(plan),
        "attempts.jsonl": "".join(f"{line}\n" for line in lines),
        "collected.jsonl": collected_jsonl.dumps(Collection(files=files, sessions=("n",))),
    }
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8")
    manifest = Manifest(
        shard=shard,
        shards=len(plan.shards),
        attempt=1,
        plan_digest=plan.digest,
        nonce="n",
        command=("pytest",),
        sealed=True,
        exit_code=exit_status,
        files={name: sha256(directory / name) for name in texts},
    )
    (directory / "manifest.json").write_text(manifest_json.dumps(manifest), encoding="utf-8")


def _bare(root: Path) -> int:
    for path in sorted((root / "junit").iterdir()):
        with path.open("rb") as stream:
            expat.ParserCreate().ParseFile(stream)
    return 0


def _index(root: Path) -> int:
    """Index id → (outcome, time, message), and no text."""
    index: dict[tuple[str, str], tuple[str, str, str]] = {}
    now: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "testcase":
            now[:] = attributes["classname"], attributes["name"], "passed", attributes["time"], ""
        elif tag in ("failure", "error", "skipped"):
            now[2], now[4] = tag, attributes.get("message", "")

    def end(tag: str) -> None:
        if tag == "testcase":
            index[now[0], now[1]] = (now[2], now[3], now[4])

    for path in sorted((root / "junit").iterdir()):
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = start, end
        with path.open("rb") as stream:
            parser.ParseFile(stream)
    return len(index)


def _ours(root: Path) -> int:
    ids = NodeIds(checkout_files(root / "checkout"))
    with collector_paused():
        files = read_all(find_junit([root / "junit"]), ids)
        report = merge_junit(files, unresolved=ids.unresolved)
    assert report.conclusion.value == "failed" and not ids.unresolved
    return len(report.cases)


def _bundles(root: Path) -> int:
    bundles = read_bundles([root / "bundles"])
    report = merge(bundles, plan_of(bundles))
    assert report.conclusion.value == "failed", report.reasons
    return len(report.cases)


def _junitparser(root: Path) -> int:
    """Run its own command, and count what it wrote."""
    files = [str(path) for path in sorted((root / "junit").iterdir())]
    command = [sys.executable, "-m", "junitparser", "merge", *files, str(root / "merged.xml")]
    subprocess.run(command, check=True)
    return (root / "merged.xml").read_bytes().count(b"<testcase ")


READERS: dict[str, Callable[[Path], int]] = {
    BARE: _bare,
    INDEX: _index,
    OURS: _ours,
    BUNDLES: _bundles,
    JUNITPARSER: _junitparser,
}


def _measured(reader: Callable[[Path], int], root: Path) -> None:
    """Print what one reader takes. Its child, if it has one, is what counts."""
    tests = reader(root)
    own, child = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    used = child if child.ru_utime else own
    unit = 1 if sys.platform == "darwin" else 1024
    print(json.dumps({"cpu_s": used.ru_utime + used.ru_stime, "bytes": used.ru_maxrss * unit, "tests": tests}))


def _table(root: Path, size: Size, names: Sequence[str]) -> None:
    measured = {name: _best(name, root) for name in names}
    wanted = size.shards * size.tests
    for name, found in measured.items():
        if found["tests"] not in (0, wanted):
            sys.exit(f"{name} found {found['tests']:,} tests of {wanted:,}")
    n_bytes = sum(path.stat().st_size for path in (root / "junit").iterdir())
    print_table(
        f"{size.name}: {size.shards} files × {size.tests:,} cases, {n_bytes / 1e6:.0f} MB",
        ["what", "CPU seconds", "÷ expat alone", "÷ expat and an index", "peak MB"],
        [_row(name, measured, has_bar=name == OURS and size.name == "B") for name in names],
    )


def _best(name: str, root: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", name, str(root)]
    env = environ() | {"PYTHONPATH": str(ROOT)}
    results: list[dict[str, float]] = []
    while len(results) < ROUNDS and (not results or results[0]["cpu_s"] < 60):
        say(f"{name} …")
        results.append(json.loads(run(command, cwd=ROOT, env=env).output))
    return min(results, key=lambda result: result["cpu_s"])


def _row(name: str, measured: dict[str, dict[str, float]], *, has_bar: bool) -> list[str]:
    found = measured[name]
    ratios = [found["cpu_s"] / measured[base]["cpu_s"] for base in (BARE, INDEX)]
    memory_mb = found["bytes"] / 1e6
    return [
        name,
        f"{found['cpu_s']:.2f}",
        f"{ratios[0]:.1f}",
        judged(ratios[1], CPU_BAR, 1) if has_bar else f"{ratios[1]:.1f}",
        judged(memory_mb, MEMORY_BAR_MB, 0) if has_bar else f"{memory_mb:.0f}",
    ]


if __name__ == "__main__":
    main()
