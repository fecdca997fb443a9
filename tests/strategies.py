"""What hypothesis draws for our laws: hostile node ids, suites, and a guard against endless loops."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from hypothesis import strategies as st

# All of these have been seen in node ids, or can be sent by a hostile job.
HOSTILE = (
    "",
    "::",
    ":::",
    "a:::b",
    "::::",
    "a.py::",
    "/",
    "@",
    "]",
    "[",
    "a.py::t[",
    "a.py::t]",
    "a.py::t[x::y/z@w]",
    "a.py::C::t[[]]",
    "/home/runner/a.py::t[/tmp/x]",
    "a b.py::t[ ]",
    "a.py::t[\n]",
    "a.py::t\r\n::error::x",
    "a\0.py::t[\0]",
    "a.py::t[\ud800]",
    "\udfff.py::t",
    "ä数.py::tést[🎉]",
    "a.py::t[" + "x" * 400 + "]",
    "../a.py::t",
    "a\\b.py::t",
    "a.py",
)

# Surrogates are in: JSON can carry them, and pytest's ids have them for bytes in parameters.
hostile_text = st.text(
    st.one_of(st.sampled_from("::::[]@/ab \n\0\\\"'é数\ud800\x1b"), st.characters(codec=None, exclude_categories=())),
    max_size=30,
)
hostile_nodeids = st.one_of(st.sampled_from(HOSTILE), hostile_text)

paths = st.sampled_from(
    ["test_a.py", "tests/test_b.py", "tests/unit/test_c.py", "x y/test_ä.py", "a[1]/test_d.py", "test_e.py"]
)
names = st.sampled_from(["test_a", "test_b", "test_c", "A::test_a", "A::test_b", "B::test_a", "B::C::test_a", "test_d"])
parameters = st.one_of(st.just(""), st.text("ab:/[]@ é", max_size=6).map(lambda text: f"[{text}]"))
nodeids = st.builds(lambda path, name, parameter: f"{path}::{name}{parameter}", paths, names, parameters)

seconds = st.one_of(
    st.just(0.0),
    st.integers(0, 600_000).map(lambda ms: ms / 1000),
    st.floats(0, 100, allow_nan=False),
)
durations = st.dictionaries(nodeids, seconds, max_size=40)


@contextmanager
def no_hang(limit_s: int = 20) -> Iterator[None]:
    """Turn an endless loop into a failure; not a measurement."""

    def give_up(signal_number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"still running after {limit_s} s: an endless loop")

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(limit_s)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
