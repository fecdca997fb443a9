"""Rooms: who may be in one together, who waits for whom, and what becomes of a dead holder's lock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ci_tools.plugin.rooms import Rooms, room_of

# Does what its input says, line by line, and says when it is done.
VISITOR = """
import os, signal, sys
from pathlib import Path
from ci_tools.plugin.rooms import Rooms
rooms = Rooms(Path(sys.argv[1]))
for line in sys.stdin:
    what, room, *how = line.split()
    if what == "fork":
        pid = os.fork()
        if not pid:
            signal.pause()
        print(pid, flush=True)
        continue
    if what == "leave":
        rooms.leave(int(room))
        print("out", flush=True)
        continue
    try:
        waited_s = rooms.enter(int(room), alone="alone" in how, limit=int(how[1]) if "limit" in how else 0)
    except OSError as error:
        print(error.strerror, flush=True)
        rooms.leave(3 - int(room))
    else:
        print("in after a wait" if waited_s else "in", flush=True)
"""


class Visitor:
    """A process that enters and leaves rooms."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", VISITOR, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, what: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def does(self, what: str) -> str:
        self.ask(what)
        return self.hear()

    def is_blocked(self) -> bool:
        """Whether it waits for a lock: /proc/locks says so of no other wait."""
        rows = Path("/proc/locks").read_text().splitlines()
        return any("->" in row and f" {self.process.pid} " in row for row in rows)

    def holds_the_gate(self, room: int) -> bool:
        """Whether it is the one who waits in front of a room."""
        rows = (row.split() for row in Path("/proc/locks").read_text().splitlines())
        gate = str(room << 21)
        return any(row[1] == "POSIX" and row[4] == str(self.process.pid) and row[6:8] == [gate, gate] for row in rows)


Come = Callable[[], Visitor]


@pytest.fixture
def come(tmp_path: Path) -> Iterator[Come]:
    visitors: list[Visitor] = []

    def one() -> Visitor:
        visitors.append(Visitor(tmp_path / "rooms"))
        return visitors[-1]

    yield one
    for visitor in visitors:
        visitor.process.kill()
        visitor.process.communicate()


def until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline_s


def until_blocked(visitor: Visitor) -> None:
    until(visitor.is_blocked)


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/locks")


@linux
def test_who_is_alone_keeps_everybody_out_of_this_room_only(come: Come) -> None:
    alone, other = come(), come()
    assert alone.does("enter 1 alone") == "in"
    assert other.does("enter 2 alone") == "in"
    other.ask("enter 1")
    until_blocked(other)
    assert alone.does("leave 1") == "out"
    assert other.hear() == "in after a wait"


@linux
def test_readers_come_in_together_but_not_past_somebody_who_waits_to_be_alone(come: Come) -> None:
    first, second, alone, late = come(), come(), come(), come()
    assert [first.does("enter 1"), second.does("enter 1")] == ["in", "in"]
    alone.ask("enter 1 alone")
    until_blocked(alone)
    late.ask("enter 1")
    until_blocked(late)
    assert [first.does("leave 1"), second.does("leave 1")] == ["out", "out"]
    assert alone.hear() == "in after a wait"
    until_blocked(late)  # now by the room itself
    assert alone.does("leave 1") == "out"
    assert late.hear() == "in after a wait"


@linux
@pytest.mark.parametrize("leaver", [0, 1])
def test_a_limit_lets_so_many_in_and_the_next_takes_whichever_place_becomes_free(come: Come, leaver: int) -> None:
    first, second, third, behind = come(), come(), come(), come()
    assert [first.does("enter 1 limit 2"), second.does("enter 1 limit 2")] == ["in", "in"]
    third.ask("enter 1 limit 2")
    until(lambda: third.holds_the_gate(1))
    behind.ask("enter 1")
    until_blocked(behind)  # by the third one, who waits within
    assert (first, second)[leaver].does("leave 1") == "out"
    assert third.hear() == "in after a wait"
    assert behind.hear() == "in after a wait"


@linux
def test_who_is_alone_and_who_is_limited_wait_for_each_other(come: Come) -> None:
    limited, alone = come(), come()
    assert limited.does("enter 1 limit 2") == "in"
    alone.ask("enter 1 alone")
    until_blocked(alone)
    assert limited.does("leave 1") == "out"
    assert alone.hear() == "in after a wait"


@linux
def test_a_holder_that_is_killed_lets_the_next_one_in_though_a_child_of_it_lives(come: Come) -> None:
    holder, waiting = come(), come()
    assert holder.does("enter 1 alone") == "in"
    child = int(holder.does("fork 0"))
    try:
        waiting.ask("enter 1 alone")
        until_blocked(waiting)
        holder.process.send_signal(signal.SIGKILL)
        assert waiting.hear() == "in after a wait"
    finally:
        os.kill(child, signal.SIGKILL)


def test_of_two_that_would_wait_for_each_other_for_ever_one_is_told(come: Come) -> None:
    one, two, third = come(), come(), come()
    assert [one.does("enter 1 alone"), two.does("enter 2 alone")] == ["in", "in"]
    one.ask("enter 2 alone")
    two.ask("enter 1 alone")
    said = {one.hear(): one, two.hear(): two}
    assert sorted(said) == ["Resource deadlock avoided", "in after a wait"]
    winner = said["in after a wait"]
    assert [winner.does("leave 1"), winner.does("leave 2")] == ["out", "out"]
    assert [third.does("enter 1 alone"), third.does("enter 2 alone")] == ["in", "in"]


def test_nobody_in_the_way_is_no_wait(tmp_path: Path) -> None:
    rooms = Rooms(tmp_path / "rooms")
    assert rooms.enter(room_of("db"), limit=3) == 0
    rooms.leave(room_of("db"))
    rooms.close()
    rooms.leave(room_of("db"))  # a test may have closed all files


def test_a_name_is_the_same_room_in_every_process() -> None:
    names = ["db", "DB", "größe", "\udcff", "x" * 10_000]
    assert [room_of(name) for name in names[:2]] == [538_276_201_196, 892_620_462_689]
    assert len({room_of(name) for name in names}) == len(names) and min(map(room_of, names)) > 0
