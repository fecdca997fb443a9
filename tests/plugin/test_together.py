"""The nth tests of all lanes begin at the same instant, and nobody waits for one that never comes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ci_tools.model.trial import Conditions, Steering
from ci_tools.plugin import together
from ci_tools.plugin.together import Meeting, meeting_of
from ci_tools.shard.watch import Limits
from ci_tools.trial.run import Trial, run_trial

PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider")
# Each test passes only while another one runs: it waits until it has seen it.
MEETING = """\
import time
from pathlib import Path
import pytest

@pytest.mark.parametrize("n", {numbers})
def test_meets(n):
    Path(f"{own}{{n}}").touch()
    deadline_s = time.monotonic() + 20
    while not Path(f"{other}{{n}}").exists():
        assert time.monotonic() < deadline_s
        time.sleep(0.001)
"""
# A lane of its own process: it does what its input says, line by line, and says so.
LANE = """
import os, signal, sys
from pathlib import Path
from ci_tools.plugin.together import Meeting
meeting = Meeting(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
print("here", flush=True)
for line in sys.stdin:
    what, *n = line.split()
    if what == "wait":
        print(meeting.wait(int(n[0]), patience_s=30), flush=True)
    elif what == "leave":
        meeting.leave()
        print("left", flush=True)
    elif what == "fork":
        if not os.fork():
            signal.pause()
        print("forked", flush=True)
"""


class Lane:
    """A process that is a lane."""

    def __init__(self, path: Path, n_lanes: int, lane: int) -> None:
        command = [sys.executable, "-c", LANE, str(path), str(n_lanes), str(lane)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.hear() == "here"

    def ask(self, what: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


Come = Callable[..., list[Lane]]


@pytest.fixture
def come(tmp_path: Path) -> Iterator[Come]:
    lanes: list[Lane] = []

    def several(*numbers: int, of: int) -> list[Lane]:
        lanes.extend(Lane(tmp_path / "meeting", of, number) for number in numbers)
        return lanes

    yield several
    for lane in lanes:
        os.killpg(lane.process.pid, 9)
        lane.process.communicate()


def test_lanes_wait_for_the_last_one_and_for_none_that_has_left_or_died(come: Come) -> None:
    first, second, third = come(0, 1, 2, of=3)
    for lane in (first, second, third):
        lane.ask("wait 0")
    assert [lane.hear() for lane in (first, second, third)] == ["True"] * 3
    second.ask("leave")
    assert second.hear() == "left"
    third.ask("fork")  # its child lives on, and holds nothing
    assert third.hear() == "forked"
    third.process.kill()
    first.ask("wait 1")
    assert first.hear() == "True"


def test_who_waits_in_vain_goes_on_alone(tmp_path: Path, come: Come) -> None:
    come(1, of=2)  # it is there, and never gets to its first test
    meeting = Meeting(tmp_path / "meeting", 2, 0)
    assert not meeting.wait(0, patience_s=0.01)


def test_a_test_that_closes_all_files_costs_the_meeting_and_nothing_else(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path / "meeting", 2, 0)
    meeting.leave()
    assert not meeting.wait(0)
    meeting.wait_for_the_end(30.0)


def test_all_begin_at_the_instant_that_follows_from_the_last_arrival(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within one process nobody seems gone, as it has all the locks; the clock is ours."""
    now_ns, slept_s = [1_000], list[float]()
    monkeypatch.setattr(together, "monotonic_ns", lambda: now_ns[0])

    def sleep(seconds: float) -> None:
        slept_s.append(seconds)
        now_ns[0] += max(int(seconds * 1e9), 1)
        other.arrive(0)

    monkeypatch.setattr(together, "sleep", sleep)
    meeting, other = (Meeting(tmp_path / "meeting", 2, lane) for lane in range(2))
    other.arrive(5)  # of another test: says nothing
    monkeypatch.setattr(meeting, "_is_gone", lambda lane: False)
    monkeypatch.setattr(together, "AWAKE_NS", 0)
    assert meeting.wait(0)
    arrived_ns = 1_000 + int(together.PAUSE_S * 1e9)
    assert slept_s == [together.PAUSE_S, pytest.approx(together.HEADROOM_NS / 1e9)]
    assert now_ns[0] == arrived_ns + together.HEADROOM_NS


def test_only_lanes_of_a_trial_that_says_so_meet(tmp_path: Path) -> None:
    lanes = {"gw0": ("a",), "gw1": ("b",)}
    path = tmp_path / "meeting"
    assert meeting_of(Steering(lanes=lanes), "gw0", path) is None
    assert meeting_of(Steering(lanes=lanes, together=True), "gw2", path) is None
    assert meeting_of(Steering(lanes={"gw0": ("a",)}, together=True), "gw0", path) is None
    assert not path.exists()
    found = meeting_of(Steering(lanes=lanes, together=True), "gw1", path)
    assert found is not None and found.lane == 1


def test_tests_of_two_lanes_run_at_the_same_time_and_the_longer_lane_ends_alone(suite: Path) -> None:
    (suite / "test_a.py").write_text(MEETING.format(numbers="range(3)", own="a", other="b"))
    (suite / "test_b.py").write_text(MEETING.format(numbers="range(2)", own="b", other="a"))
    (suite / "b2").touch()
    lanes = {
        "gw0": tuple(f"test_a.py::test_meets[{n}]" for n in range(3)),
        "gw1": tuple(f"test_b.py::test_meets[{n}]" for n in range(2)),
    }
    assert outcomes(suite, lanes) == {f"{worker} {test}": "passed" for worker in lanes for test in lanes[worker]}


def test_a_lane_that_waits_for_a_lock_that_the_other_one_holds_hangs_nobody(suite: Path) -> None:
    marked = "import pytest\n\n@pytest.mark.serial\ndef test_alone():\n    pass\n\ndef test_other():\n    pass\n"
    lanes = {"gw0": ("test_a.py::test_alone", "test_a.py::test_other"), "gw1": ("test_b.py::test_alone",)}
    for name in ("test_a.py", "test_b.py"):
        (suite / name).write_text(marked)
    assert outcomes(suite, lanes) == {f"{worker} {test}": "passed" for worker in lanes for test in lanes[worker]}


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "suite"
    root.mkdir()
    monkeypatch.chdir(root)
    return root


def outcomes(root: Path, lanes: dict[str, tuple[str, ...]]) -> dict[str, str]:
    trial = Trial(
        command=PYTEST,
        out=root.parent / "trial",
        conditions=Conditions(workers="2", dist="each"),
        steering=Steering(lanes=lanes, together=True),
        limits=Limits(deadline_s=90),
    )
    result = run_trial(trial, os.environ, say=print)
    return {name: attempt.outcome.value for name, attempt in sorted(result.attempts.items())}
