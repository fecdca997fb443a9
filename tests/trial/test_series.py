"""Many trials: kept on disk, gone on with, interrupted, followed."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from project import Project

from ci_tools.cli.trials import following
from ci_tools.model.errors import UsageError
from ci_tools.model.trial import Conditions, Order, Steering
from ci_tools.shard.tail import Tail
from ci_tools.shard.watch import Limits
from ci_tools.trial.result import Result
from ci_tools.trial.run import Trial
from ci_tools.trial.series import Listener, Series, label_of

COUNTS = """
import time
def test_a():
    with open("ran.txt", "a") as file: file.write("x")
def test_b():
    while open("go.txt").read() != "go": time.sleep(0.01)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "go.txt").write_text("go")
    return Project(tmp_path).write(test_a=COUNTS)


def series(project: Project, *, resume: bool, listener: Listener | None = None) -> Series:
    command = (sys.executable, "-m", "pytest")
    return Series(project.root / "out", command, os.environ, say=print, resume=resume, listener=listener)


def n_ran(project: Project) -> int:
    return len((project.root / "ran.txt").read_text())


def test_a_finished_trial_is_read_again_and_any_other_is_run(project: Project) -> None:
    first = series(project, resume=False)
    same = first.run("one", Conditions())
    assert (list(same.attempts), n_ran(project)) == (["test_a.py::test_a", "test_a.py::test_b"], 1)
    again = series(project, resume=True)
    assert again.run("one", Conditions()) == same
    assert (again.n_run, again.n_resumed, n_ran(project)) == (0, 1, 1)
    again.run("one", Conditions(order=Order.REVERSE))  # other conditions, and the name is taken over
    assert (again.n_run, again.n_resumed, n_ran(project)) == (1, 1, 2)
    assert not list((project.root / "out").rglob("junit.xml"))  # can be made from what is kept
    (kept,) = (project.root / "out").rglob("attempts.jsonl")
    kept.write_bytes(kept.read_bytes()[:-9])  # and what is cut off isn't kept
    assert not again.run("one", Conditions(order=Order.REVERSE)).problem
    assert (again.n_run, again.n_resumed, n_ran(project)) == (2, 1, 3)
    series(project, resume=False)
    assert not (project.root / "out" / "trials").exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"command": ("pytest", "-v")},
        {"conditions": Conditions(hash_seed=1)},
        {"conditions": Conditions(tz="UTC")},
        {"conditions": Conditions(stress=1)},
        {"conditions": Conditions(seed=1)},
        {"steering": Steering(tests=("a.py::test",))},
        {"limits": Limits(stuck_after_s=5.0)},
    ],
    ids=str,
)
def test_a_trial_of_anything_else_is_another_one(changed: dict[str, Any]) -> None:
    trial = Trial(command=("pytest",), out=Path("out"))
    assert label_of(replace(trial, out=Path("elsewhere"))) == label_of(trial)
    assert label_of(replace(trial, **changed)) != label_of(trial)


def test_only_one_process_runs_trials_in_a_directory(project: Project) -> None:
    mine = series(project, resume=False)
    kept = project.write_path("out/trials/one/kept", "").root / "out/trials/one/kept"
    program = (
        "import sys\nfrom pathlib import Path\nfrom ci_tools.trial.series import Series\n"
        "Series(Path('out'), (), {}, say=print)"
    )
    command = [sys.executable, "-c", program]
    other = subprocess.run(command, capture_output=True, text=True)
    assert "UsageError: out: another run is using it" in other.stderr and kept.exists()
    del mine
    assert (subprocess.run(command, capture_output=True).returncode, kept.exists()) == (0, False)


@dataclass
class Interrupting:
    """Presses Ctrl-C as soon as the first test is through, and writes down what it is told."""

    told: list[str] = field(default_factory=list)

    def begin(self, name: str) -> None:
        self.told.append(f"begin {name}")

    def look(self, name: str, tail: Tail) -> None:
        if tail.done and "interrupt" not in self.told:
            self.told.append("interrupt")
            os.kill(os.getpid(), signal.SIGINT)

    def end(self, name: str, result: Result, *, is_resumed: bool) -> None:
        self.told.append(f"end {name} {list(result.attempts)}")


def test_an_interrupted_trial_is_run_anew(project: Project) -> None:
    (project.root / "go.txt").write_text("stay")
    listener = Interrupting()
    with pytest.raises(KeyboardInterrupt):
        series(project, resume=False, listener=listener).run("one", Conditions())
    assert listener.told == ["begin one", "interrupt"]
    (project.root / "go.txt").write_text("go")
    again = series(project, resume=True, listener=listener)
    again.run("one", Conditions())
    assert (again.n_run, again.n_resumed, n_ran(project)) == (1, 0, 2)
    assert listener.told[2:] == ["begin one", "end one ['test_a.py::test_a', 'test_a.py::test_b']"]


def test_what_is_not_of_a_series_is_left_alone(project: Project) -> None:
    project.write_path("out/mine.txt", "")
    with pytest.raises(UsageError, match="not empty, and not of earlier trials"):
        series(project, resume=False)
    assert [path.name for path in (project.root / "out").iterdir()] == ["mine.txt"]
    with pytest.raises(UsageError, match=r"test_a\.py: Not a directory"):
        Series(project.root / "test_a.py", (), {}, say=print)


def result(*, problem: str = "") -> Result:
    return Result(
        conditions=Conditions(), attempts={}, selected=(), not_run=(), wall_s=2.0, exit_code=0, problem=problem,
        bundle=Path(),
    )  # fmt: skip


def test_every_run_is_told_of_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    with following(io.StringIO(), 3) as listener:
        listener.begin("serial-1")
        listener.end("serial-1", result(), is_resumed=True)
        listener.begin("serial-2")
        listener.end("serial-2", result(problem="killed: by\x1b somebody\nlast line"), is_resumed=True)
    with following(io.StringIO()) as listener:
        listener.begin("one")
        listener.end("one", result(), is_resumed=False)
    assert capsys.readouterr().err.splitlines() == [
        "run 1 of 3 (serial-1): 0 tests, read from disk",
        "run 2 of 3 (serial-2): not judged: killed: by\\x1b somebody",
        "run 1 (one): 0 tests, 2.0 s",
    ]
