"""Run one suite, with ci-tools or with plain pytest-xdist, under a limit; end all it leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from ci_tools.formats import report_json

from .judge import Attempted, Reported
from .suites import Suite
from .truth import Truth, read_truth

LIMIT_S = 120.0
STOCK_LIMIT_S = 40.0
STUCK_AFTER_S = 5
PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider")
CI_TOOLS = (sys.executable, "-m", "ci_tools")
BROKEN = ("failed", "error")
CONCLUSIONS = {0: "passed", 1: "failed"}
# What an outer pytest, CI service or user set must not reach a suite.
_FOREIGN = ("PYTEST_", "XDIST_CI_", "GITHUB_", "TORTURE_", "COV_")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a suite runs: `project` holds its files, `mark` is in the environment of all it starts."""

    top: Path
    mark: str

    @property
    def project(self) -> Path:
        return self.top / "project"

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        ours = {"TORTURE_DIR": str(self.top), "TORTURE_MARK": self.mark, "PYTHONDONTWRITEBYTECODE": "1"}
        return {**kept, **ours}

    def truth(self) -> Truth:
        path = self.top / "truth.log"
        return read_truth(path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else ())

    def output(self, name: str) -> str:
        path = self.top / f"{name}.txt"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def place(top: Path, files: tuple[tuple[str, str], ...]) -> Place:
    """Write a suite's files below an empty directory."""
    result = Place(top, secrets.token_hex(8))
    result.project.mkdir(parents=True)
    for name, text in files:
        (result.project / name).write_text(text, encoding="utf-8")
    return result


def start(where: Place, name: str, command: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own; its output goes to `<name>.txt`."""
    with (where.top / f"{name}.txt").open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=where.project,
            env=where.environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def run(where: Place, name: str, command: tuple[str, ...], limit_s: float) -> int | None:
    """Return the command's exit code, None when it had to be killed. Nothing it started survives."""
    process = start(where, name, command)
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        end_all(where, process)


def end_all(where: Place, process: subprocess.Popen[bytes]) -> None:
    """Kill the command and all processes that carry the place's mark, until none is left."""
    until = time.monotonic() + 10
    while (pids := marked(where.mark)) and time.monotonic() < until:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.poll()
        time.sleep(0.01)
    process.wait(10)


def marked(mark: str) -> list[int]:
    """Return the living processes with this mark in their environment: started by us alone."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with contextlib.suppress(OSError):
                environ = Path("/proc", name, "environ").read_bytes()
                if f"TORTURE_MARK={mark}".encode() in environ.split(b"\0"):
                    found.append(int(name))
    return found


def in_threads(one: Callable[[int], None], seeds: Iterable[int], jobs: int) -> None:
    """Call `one` with each seed, `jobs` at a time; the first exception, or Ctrl-C, ends it."""
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for done in [pool.submit(one, seed) for seed in seeds]:
                done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def run_options() -> tuple[str, ...]:
    """Return the options for hangs, as far as this ci-tools has them."""
    done = subprocess.run([*CI_TOOLS, "run", "--help"], capture_output=True, text=True, check=False)
    return ("--stuck-after", str(STUCK_AFTER_S)) if "--stuck-after" in done.stdout else ()


def run_ours(suite: Suite, top: Path, options: tuple[str, ...]) -> tuple[Truth, Reported]:
    """Plan, run and merge a suite."""
    where = place(top, suite.files)
    planned = run(where, "plan", (*CI_TOOLS, "plan", "--shards", "1"), LIMIT_S)
    if planned != 0:
        return where.truth(), Reported(internal_error=f"plan: exit code {planned}: {where.output('plan')[-300:]}")
    words = ("run", "--shard", "1/1", *options, "--", *PYTEST, *suite.options)
    code = run(where, "run", (*CI_TOOLS, *words), LIMIT_S)
    reported = merged(where)
    said = where.output("run") + where.output("merge")
    internal_error = _internal_error(said)
    worn_out = "maximum crashed workers reached" in said
    return where.truth(), replace(
        reported, hang=code is None, run_code=code, internal_error=internal_error, is_worn_out=worn_out
    )


def merged(where: Place) -> Reported:
    """Merge what has run, and read the report."""
    code = run(where, "merge", (*CI_TOOLS, "merge", "bundles"), LIMIT_S)
    path = where.project / "merged" / "report.json"
    if not path.exists():
        return Reported()
    report = report_json.loads(path.read_text(encoding="utf-8"), source="report.json")
    right = code == report.conclusion.exit_code
    return Reported(
        attempts=tuple(
            Attempted(nodeid=case.nodeid, outcome=attempt.outcome.value, message=f"{attempt.message}\n{attempt.text}")
            for case in report.cases
            for _, attempt in case.attempts
        ),
        not_run=frozenset(missing.name for missing in report.not_run),
        conclusion=report.conclusion.value if right else f"exit code {code} for {report.conclusion.value}",
    )


def run_stock(suite: Suite, top: Path) -> tuple[Truth, Reported]:
    """Run a suite under plain pytest-xdist, without any plugin of ours but the recorder."""
    where = place(top, suite.files)
    shutil.copy2(Path(__file__).with_name("recorder.py"), where.project / "torture_recorder.py")
    command = (*PYTEST, "-p", "torture_recorder", "-p", "no:ci_tools.plugin", *suite.options)
    code = run(where, "run", command, STOCK_LIMIT_S)
    path = where.top / "reports.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    return where.truth(), Reported(
        attempts=tuple(attempts_of(rows)),
        conclusion=CONCLUSIONS.get(code if code is not None else -1, "incomplete"),
        hang=code is None,
        internal_error=_internal_error(where.output("run")),
        names_not_run=False,
    )


def attempts_of(rows: list[dict[str, object]]) -> list[Attempted]:
    """Return the recorder's reports put together to attempts, in the order they were closed."""
    attempts: list[Attempted] = []
    opened: dict[tuple[object, object], tuple[str, str]] = {}
    for row in rows:
        key, message = (row["worker"], row["nodeid"]), str(row["message"])
        if row["when"] == "setup" and key in opened:  # a rerun, whose teardown nobody logs
            attempts.append(Attempted(nodeid=str(row["nodeid"]), outcome=opened[key][0], message=opened.pop(key)[1]))
        outcome = _outcome(row)
        before = opened.get(key, ("passed", ""))
        if (
            outcome == "crashed"
            or before[0] == "passed"
            or (before[0] in ("skipped", "xfailed") and outcome == "error")
        ):
            opened[key] = (outcome, message) if outcome != "passed" else before
        if row["when"] == "teardown" or outcome == "crashed":
            attempts.append(Attempted(nodeid=str(row["nodeid"]), outcome=opened[key][0], message=opened.pop(key)[1]))
    # What never got to its end without going wrong was under way when its worker died.
    attempts += [Attempted(nodeid=str(key[1]), outcome=o, message=m) for key, (o, m) in opened.items() if o in BROKEN]
    return attempts


def _outcome(row: dict[str, object]) -> str:
    """Return what one phase says of its test."""
    if row["when"] not in ("setup", "call", "teardown"):
        return "crashed"
    if row["outcome"] in ("failed", "rerun"):
        return "failed" if row["when"] == "call" else "error"
    if row["outcome"] == "skipped":
        return "xfailed" if row["wasxfail"] else "skipped"
    return "passed"


def _internal_error(output: str) -> str:
    """Return the last line of pytest's own error report."""
    lines = [line for line in output.splitlines() if "INTERNALERROR>" in line]
    return lines[-1][:300] if lines else ""
