"""Suites of marked tests made from a seed, and what their log must show: nobody beside whom they must not meet."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

N_TESTS = 400
N_FILES = 16

# Where a test logs that it begins and ends: while it holds its locks, on the clock of the whole machine.
CONFTEST = """
import os, time
import pytest

LOG = os.open(os.environ["MARKS_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
RUN = os.environ["MARKS_RUN"]

def log(event, nodeid):
    line = f"{time.monotonic_ns()} {time.time_ns()} {os.getpid()} {RUN} {event} {nodeid}\\n"
    os.write(LOG, line.encode())

@pytest.fixture(autouse=True)
def logged(request):
    nodeid = request.node.nodeid.partition("@")[0]
    log("begin", nodeid)
    yield lambda: log("end", nodeid)
    log("end", nodeid)
"""


@dataclass(frozen=True, slots=True)
class Use:
    """A resource as one test uses it: `limit` 0 is a reader, or `alone`."""

    name: str
    alone: bool = False
    limit: int = 0

    @property
    def is_of_host(self) -> bool:
        return self.name in HOST

    @property
    def mark(self) -> str:
        how = f", limit={self.limit}" if self.limit else "" if self.alone else ', mode="read"'
        scope = f', scope="{HOST[self.name]}"' if self.name in HOST else ""
        return f'shared_resource("{self.name}"{how}{scope})'


HOST = {"license": "host", "printer": "host", "cluster": "global"}
LIMITS = {"api": 3, "gpu": 2, "printer": 2}
NAMES = ("db", "cache", "api", "gpu", *HOST)


@dataclass(frozen=True, slots=True)
class Case:
    """One test and what it asks for; `dies` takes its worker with it, `flaky` passes the second time."""

    nodeid: str
    serial: bool = False
    uses: tuple[Use, ...] = ()
    dies: bool = False
    flaky: bool = False


@dataclass(frozen=True, slots=True)
class Suite:
    files: tuple[tuple[str, str], ...]
    cases: dict[str, Case] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Span:
    """One execution of a test, in nanoseconds of the machine's clock; `wall_ns` is when it began, of the day."""

    case: Case
    run: str
    start_ns: int
    end_ns: int
    wall_ns: int


def make_suite(seed: int, *, n_tests: int = N_TESTS, deaths: int = 0) -> Suite:
    """Return a suite; the same seed gives the same one."""
    rng = random.Random(seed)
    dying = set(rng.sample(range(n_tests), deaths))
    files = [("conftest.py", CONFTEST)]
    cases: dict[str, Case] = {}
    for index in range(N_FILES):
        numbers = range(index, n_tests, N_FILES)
        text, new = _module(f"test_{index:02}.py", numbers, dying, rng)
        files.append((f"test_{index:02}.py", text))
        cases.update((case.nodeid, case) for case in new)
    return Suite(tuple(files), cases)


def _module(file: str, numbers: Iterable[int], dying: set[int], rng: random.Random) -> tuple[str, list[Case]]:
    """Return a module: its first half functions, its second half a class, each with marks of its own at times."""
    numbers = list(numbers)
    module = _marks(rng, serial=0.02, shared=0.1)
    group = _marks(rng, serial=0.02, shared=0.2)
    lines = ["import os, time", "import pytest", "seen = set()", f"pytestmark = [{_listed(module)}]"]
    cases = []
    for position, number in enumerate(numbers):
        in_class = position >= len(numbers) // 2
        if position == len(numbers) // 2:
            lines += [*_decorators(group, ""), "class TestGroup:"]
        own = _marks(rng, serial=0.03, shared=0.3)
        dies = number in dying
        flaky = rng.random() < 0.02 and not dies
        indent, self_ = ("    ", "self, ") if in_class else ("", "")
        lines += _decorators(own, indent)
        lines += [f"{indent}@pytest.mark.flaky(reruns=1)"] if flaky else []
        lines += [f"{indent}def test_{number:03}({self_}logged):"]
        lines += [f"{indent}    {line}" for line in _body(number, rng.uniform(0, 0.003), flaky=flaky, dies=dies)]
        every = [*module, *(group if in_class else ()), *own]
        nodeid = f"{file}::{'TestGroup::' if in_class else ''}test_{number:03}"
        cases.append(_case(nodeid, every, dies=dies, flaky=flaky))
    return "\n".join(lines) + "\n", cases


def _marks(rng: random.Random, *, serial: float, shared: float) -> list[str | Use]:
    marks: list[str | Use] = []
    if rng.random() < serial:
        marks.append(rng.choice(["serial", "no_parallel"]))
    if rng.random() < shared:
        marks += [_use(name, rng) for name in rng.sample(NAMES, rng.choice([1, 1, 1, 2, 3]))]
    return marks


def _use(name: str, rng: random.Random) -> Use:
    if name in LIMITS and rng.random() < 0.6:
        return Use(name, limit=LIMITS[name])
    return Use(name, alone=rng.random() < 0.5)


def _listed(marks: Iterable[str | Use]) -> str:
    return ", ".join(f"pytest.mark.{mark.mark if isinstance(mark, Use) else mark}" for mark in marks)


def _decorators(marks: Iterable[str | Use], indent: str) -> list[str]:
    return [f"{indent}@{_listed([mark])}" for mark in marks]


def _body(number: int, seconds: float, *, flaky: bool, dies: bool) -> Iterator[str]:
    yield f"time.sleep({seconds:.4f})"
    if dies:
        yield "logged()"
        yield "os._exit(1)"
    elif flaky:
        yield f"if {number} not in seen:"
        yield f"    seen.add({number})"
        yield '    assert False, "the first time"'


def _case(nodeid: str, marks: Sequence[str | Use], *, dies: bool, flaky: bool) -> Case:
    """Return what the marks come to: of two uses of one resource the stricter."""
    uses: dict[str, Use] = {}
    for use in marks:
        if isinstance(use, Use):
            before = uses.setdefault(use.name, use)
            alone = use.alone or before.alone
            uses[use.name] = Use(use.name, alone, 0 if alone else max(use.limit, before.limit))
    serial = any(isinstance(mark, str) for mark in marks)
    return Case(nodeid, serial, tuple(uses.values()), dies, flaky)


# -- the judge -------------------------------------------------------------------------


def read_log(text: str, suite: Suite) -> list[Span]:
    """Return the executions, by when they began. One without an end is a KeyError: whoever dies says so before."""
    begun: dict[tuple[str, str, str], tuple[int, int]] = {}
    spans = []
    for line in text.splitlines():
        ns, wall_ns, pid, run, event, nodeid = line.split(" ", 5)
        if event == "begin":
            begun[pid, run, nodeid] = (int(ns), int(wall_ns))
        else:
            start_ns, began_ns = begun.pop((pid, run, nodeid))
            spans.append(Span(suite.cases[nodeid], run, start_ns, int(ns), began_ns))
    if begun:
        raise KeyError(f"without an end: {sorted(begun)}")
    return sorted(spans, key=lambda span: span.start_ns)


def wrongs(spans: Sequence[Span], suite: Suite, runs: Iterable[str]) -> list[str]:
    """Return what the log shows that must not be, in words."""
    return [*_not_once(spans, suite, runs), *_meetings(spans), *_crowds(spans)]


def _not_once(spans: Sequence[Span], suite: Suite, runs: Iterable[str]) -> Iterator[str]:
    n_runs = Counter((span.run, span.case.nodeid) for span in spans)
    for run in runs:
        for case in suite.cases.values():
            found, wanted = n_runs[run, case.nodeid], 2 if case.flaky else 1
            if found != wanted:
                yield f"{case.nodeid} ran {found} times in {run}, wanted {wanted}"


def _meetings(spans: Sequence[Span]) -> Iterator[str]:
    """Yield the pairs that ran at the same time and must not."""
    running: list[Span] = []
    for span in spans:
        running = [other for other in running if other.end_ns > span.start_ns]
        for other in running:
            why = _why_apart(span, other)
            if why:
                yield f"{other.case.nodeid} ({other.run}) and {span.case.nodeid} ({span.run}) met: {why}"
        running.append(span)


def n_beside(spans: Sequence[Span]) -> int:
    """Return how many tests of one run ran at the same time as an earlier one; `spans` by when they began."""
    n, end_ns = 0, dict.fromkeys({span.run for span in spans}, 0)
    for span in spans:
        n += span.start_ns < end_ns[span.run]
        end_ns[span.run] = max(end_ns[span.run], span.end_ns)
    return n


def _why_apart(one: Span, two: Span) -> str:
    if one.run == two.run and (one.case.serial or two.case.serial):
        return "serial"
    theirs = {use.name: use for use in two.case.uses}
    for use in one.case.uses:
        other = theirs.get(use.name)
        if other and (use.alone or other.alone) and (use.is_of_host or one.run == two.run):
            return use.name
    return ""


def _crowds(spans: Sequence[Span]) -> Iterator[str]:
    """Yield the moments at which more tests had a resource than its limit says."""
    changes: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for span in spans:
        for use in span.case.uses:
            if use.limit:
                place = (use.name, "" if use.is_of_host else span.run)
                changes[place] += [(span.start_ns, 1), (span.end_ns, -1)]
    for (name, run), moments in changes.items():
        n_inside = 0
        for ns, change in sorted(moments):
            n_inside += change
            if n_inside > LIMITS[name]:
                yield f"{n_inside} tests at once in {name} {run} at {ns}, the limit is {LIMITS[name]}"
