"""Other processes, that do what a test tells them, step by step."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

START = """
import os, sys
from pathlib import Path
from ci_tools.model.errors import CiToolsError
from ci_tools.store.claims import Claims
from ci_tools.store.locks import Lock, LockTimeoutError
from ci_tools.store.shared import Store, change_text
path = Path(sys.argv[1])
def say(value): print(value, flush=True)
def wait(): sys.stdin.readline()
"""
HOLD = "lock = Lock(path, shared=False); lock.acquire(); say('held'); wait(); lock.release(); say('free'); wait()"
TRY = """
for line in sys.stdin:
    try:
        with Lock(path, timeout_s=0): say("had it")
    except LockTimeoutError:
        say("locked")
"""


class Child:
    """A Python program with a path as its argument; it is told to go on, and says a line."""

    def __init__(self, program: str, path: Path) -> None:
        command = [sys.executable, "-c", START + program, str(path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def says(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().rstrip("\n")

    def tell(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def asked(self) -> str:
        self.tell()
        return self.says()

    def end(self) -> str:
        """Let it end; return what it still had to say. AssertionError when it broke."""
        said = self.process.communicate(timeout=60)[0]
        assert self.process.returncode == 0
        return said.rstrip("\n")


@contextlib.contextmanager
def child(program: str, path: Path) -> Iterator[Child]:
    started = Child(program, path)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.communicate()


def said_by(program: str, path: Path) -> str:
    """Run a program to its end; return what it said."""
    return Child(program, path).end()


def said_by_all(n_processes: int, program: str, path: Path) -> list[str]:
    """Run a program several times at the same time: each `wait()` until all have come that far."""
    children = [Child(program, path) for _ in range(n_processes)]
    assert [each.says() for each in children] == ["ready"] * n_processes
    for each in children:
        each.tell()
    return [each.end() for each in children]
