"""Several merges write one file, and any of them may be killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from recorded import ask, report, run

from ci_tools.history.database import opened
from ci_tools.history.record import record

TESTS = Path(__file__).parents[1]
WRITER = """\
import sys
from pathlib import Path
from recorded import report, run
from ci_tools.history.record import record

path, first, last, key = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
results = {f"tests/test_{number}.py::test_a": "P" for number in range(2000)}
for number in range(first, last):
    print(number, flush=True)
    record(path, report({**results, f"only[{number}]": "P"}), run(number, key=key))
"""


TORN = "SELECT id FROM runs WHERE tests <> (SELECT count(*) FROM results WHERE run = runs.id)"


def writer(path: Path, first: int, last: int, key: str = "tests") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(first), str(last), key]
    environ = {**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"}
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)


def test_several_merges_at_once_are_all_recorded(tmp_path: Path) -> None:
    """The file doesn't even exist when they begin."""
    path = tmp_path / "history.sqlite"
    writers = [writer(path, 1, 9, key) for key in ("py3.11", "py3.12", "py3.13")]
    assert [process.communicate()[0].count("\n") for process in writers] == [8, 8, 8]
    assert [process.returncode for process in writers] == [0, 0, 0]
    assert ask(path, "SELECT key, count(*), sum(tests) FROM runs GROUP BY key") == [
        (key, 8, 16_008) for key in ("py3.11", "py3.12", "py3.13")
    ]
    assert os.listdir(tmp_path) == [path.name]


def test_a_killed_merge_leaves_every_run_whole_and_loses_none_before_it(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    chance = random.Random(3)
    begun: list[int] = []
    done: list[int] = []
    for _ in range(10):
        process = writer(path, len(begun) + 1, 10**6)
        assert process.stdout
        announced = [process.stdout.readline() for _ in range(chance.randrange(1, 4))]
        for _ in range(chance.randrange(200_000)):  # anywhere within the writing of a run
            pass
        process.send_signal(signal.SIGKILL)
        announced += process.communicate()[0].splitlines()
        begun += map(int, announced)
        done += map(int, announced[:-1])
        with opened(path, create=True) as connection:
            recorded = {run_id for (run_id,) in connection.execute("SELECT run_id FROM runs")}
            assert connection.execute(TORN).fetchall() == []
        assert set(done) <= recorded <= set(begun)
    assert record(path, report({"a": "P"}), run(len(begun) + 1)) == ()
    assert os.listdir(tmp_path) == [path.name]
