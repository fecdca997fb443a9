"""The cases of a JUnit file, from expat's events.

Counts come from the cases alone. What a suite says of itself is held against them: a suite that
counts failures and shows none hides something.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from xml.parsers.expat import XMLParserType

from ci_tools.merge.junit.identity import NodeIds, address
from ci_tools.merge.junit.results import BAD, KINDS, Result, attempts_of
from ci_tools.merge.junit.values import TEXT_LIMIT, Capped, number_of, outcome_of, seconds_of, shortened
from ci_tools.model.report import NotRun
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.words import count

MAX_DEPTH = 100
MAX_RESULTS = 100  # of one case; of each kind one is kept in any case
MAX_PROBLEMS = 100
TEXT_BUFFER_BYTES = 1 << 16
ROOTS = ("testsuites", "testsuite")
# What other tools leave beside JUnit files: Cobertura's coverage, Checkstyle's findings. Nothing is lost with them.
NEIGHBOURS = ("coverage", "checkstyle")
# In a case, and not as its own result, they would be lost without a word.
_MISPLACED = frozenset((*ROOTS, "testcase", *BAD))


class RefusedError(Exception):
    """The file, or what follows in it, isn't read; says why."""


class _Suite(NamedTuple):
    """A suite that is open: what it declares, and how much was counted before it."""

    name: str
    bad: int
    tests: int
    bad_before: int
    met_before: int


class _Seconds(dict[str, tuple[float, float, float]]):
    """Phases by the `time` they are written as. Most times are a few milliseconds, so tests share them."""

    def __missing__(self, text: str) -> tuple[float, float, float]:
        phases = (0.0, seconds_of(text), 0.0)
        if len(self) < 10_000 and len(text) < 20:
            self[text] = phases
        return phases


_SECONDS = _Seconds()


class Cases:
    """What has been met so far. `attempts` are those of complete cases, in the order of the file."""

    def __init__(self, ids: NodeIds) -> None:
        self.attempts: list[Attempt] = []
        self.not_run: list[NotRun] = []
        self.skipped_modules: list[str] = []
        self.problems: list[str] = []
        self.foreign = ""
        self._ids = ids
        self._prefixes = ids.prefixes
        self._depth = self._n_bad = 0
        self._suites: list[_Suite] = []
        self._case: dict[str, str] | None = None
        self._plain: dict[str, str] | None = None  # the same while nothing is in it
        self._is_suite = False  # whether that stands for a suite
        self._inside = 0  # elements that are open in the case
        self._results: list[Result] = []
        self._open: tuple[str, dict[str, str], Capped] | None = None  # the result that is being read

    def handle(self, parser: XMLParserType) -> None:
        """Make the parser tell what it meets."""
        self._parser = parser
        parser.buffer_text = True
        parser.buffer_size = TEXT_BUFFER_BYTES
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end

    def let_go(self, parser: XMLParserType) -> None:
        """Part from the parser: its buffers would stay until the next collection of cyclic garbage."""
        parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None

    def salvage(self) -> None:
        """Take in the failures of a case that broke off: they are complete."""
        if self._case is not None and any(result.tag in BAD for result in self._results):
            self._end_case(self._case)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "testcase" and self._case is None and self._suites:
            self._case = self._plain = attributes
            return
        self._plain = None
        if self._case is None:
            self._start_outside(tag, attributes)
        else:
            self._start_inside(tag, attributes)

    def _end(self, tag: str) -> None:
        case = self._plain
        if case is None or len(case) != 3:
            self._end_other(tag)
            return
        try:  # nearly all cases are this: nothing inside, and pytest's three attributes of xunit2
            classname, name, time = case["classname"], case["name"], case["time"]
        except KeyError:
            self._end_other(tag)
            return
        prefix = self._prefixes.get(classname)
        nodeid = prefix + name if prefix and name else self._nodeid(case, ())
        self.attempts.append(Attempt(nodeid=nodeid, outcome=Outcome.PASSED, seconds=_SECONDS[time]))
        self._case = self._plain = None

    def _end_other(self, tag: str) -> None:
        self._plain = None
        if self._case is None:
            self._end_outside(tag)
        elif self._inside:
            self._end_inside()
        else:
            self._end_case(self._case)

    def _start_outside(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in BAD and self._suites:
            self._case = {}  # of the suite as a whole
            self._is_suite = True
            self._start_inside(tag, attributes)
            return
        self._depth += 1
        _refuse_depth(self._depth)
        _refuse_prefix(tag)
        if tag in ROOTS:
            bad = number_of(attributes.get("failures")) + number_of(attributes.get("errors"))
            name = attributes.get("name", "") if tag == "testsuite" else ""
            tests = number_of(attributes.get("tests"))
            self._suites.append(_Suite(name, bad, tests, self._n_bad, self.n_met))
        elif not self._suites:
            self.foreign = tag if tag in NEIGHBOURS else ""
            raise RefusedError(f"its root is <{tag[:100]}>: not JUnit")

    def _end_outside(self, tag: str) -> None:
        self._depth -= 1
        if tag not in ROOTS:
            return
        suite = self._suites.pop()
        if suite.bad and self._n_bad == suite.bad_before:
            self._tell_here(f"suite {suite.name[:100]!r} counts {count(suite.bad, 'failure')} and shows none")
        elif suite.tests and self.n_met == suite.met_before:
            self._tell_here(f"suite {suite.name[:100]!r} counts {count(suite.tests, 'test')} and shows none")

    @property
    def n_met(self) -> int:
        """How many cases were complete."""
        return len(self.attempts) + len(self.not_run) + len(self.skipped_modules)

    def _tell_here(self, problem: str) -> None:
        self._tell(f"line {self._parser.CurrentLineNumber}: {problem}")

    def _tell(self, problem: str) -> None:
        if len(self.problems) < MAX_PROBLEMS and problem not in self.problems:
            self.problems.append(problem)

    def _start_inside(self, tag: str, attributes: dict[str, str]) -> None:
        self._inside += 1
        _refuse_depth(self._depth + self._inside)
        _refuse_prefix(tag)
        if self._inside == 1 and tag in KINDS:
            self._open = (tag, attributes, Capped())
        elif tag in _MISPLACED and not (self._open and self._open[0] in BAD):
            self._tell_here(f"<{tag}> inside a case, not read")
        if self._open:  # Surefire puts the text of a rerun into stackTrace, and output beside it
            is_text = self._inside == 1 or tag == "stackTrace"
            self._parser.CharacterDataHandler = self._open[2].add if is_text else None

    def _end_inside(self) -> None:
        self._inside -= 1
        if self._open is None:
            return
        tag, attributes, text = self._open
        self._parser.CharacterDataHandler = text.add if self._inside else None
        if self._inside:
            return
        if len(self._results) < MAX_RESULTS or tag not in {result.tag for result in self._results}:
            message, type = attributes.get("message", ""), attributes.get("type", "")
            self._results.append(Result(tag, message, type, text.text.strip("\r\n").rstrip()))
        self._open = None
        if self._is_suite and self._case is not None:
            self._end_case(self._case)

    def _end_case(self, case: dict[str, str]) -> None:
        """Take in a case that isn't plainly passed."""
        results, is_suite = self._results, self._is_suite
        self._case = None
        self._results, self._is_suite = [], False
        is_bad = any(result.tag in BAD for result in results)
        self._n_bad += any(result.tag != "skipped" for result in results)
        if (case.get("classname"), case.get("name")) == ("pytest", "internal") and is_bad:
            said = (results[0].text or results[0].message).strip().rpartition("\n")[2]
            self._tell(f"internal error in pytest: {said[:TEXT_LIMIT]}")
            return
        nodeid = self._path if is_suite else self._nodeid(case, results)
        first = results[0] if results else None
        if first and first.is_not_run:
            self.not_run.append(
                NotRun(name=nodeid, shard=0, why=shortened(first.message).removeprefix("did not run: "))
            )
        elif first and first.is_of_collection and first.tag == "skipped" and not (is_bad or case.get("classname")):
            self.skipped_modules.append(nodeid)
        else:
            status = outcome_of(case.get("status", "")) or outcome_of(case.get("result", "")) or Outcome.PASSED
            self._n_bad += status.is_bad
            self.attempts += attempts_of(nodeid, results, status=status, seconds=_SECONDS[case.get("time", "")])

    def _nodeid(self, case: dict[str, str], results: Sequence[Result]) -> str:
        classname, name = case.get("classname", ""), case.get("name", "")
        if not classname and any(result.is_of_collection for result in results):
            return self._ids.file_named(name)
        running = next((result.crash[1] for result in results if result.crash), "")
        if running and address(running) == (classname, name):
            return running  # a node id, verbatim
        return self._ids.of(classname or self._without_classname(case), name, case.get("file", ""))

    def _without_classname(self, case: dict[str, str]) -> str:
        """Return what stands for a class name: PHPUnit's other attribute, or the suites that the case is in."""
        return case.get("class") or self._path

    @property
    def _path(self) -> str:
        return "::".join(suite.name for suite in self._suites if suite.name)


def _refuse_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise RefusedError(f"elements more than {MAX_DEPTH} deep in each other")


def _refuse_prefix(tag: str) -> None:
    prefix, _, name = tag.rpartition(":")
    if prefix and (name in _MISPLACED or name in KINDS):
        raise RefusedError(f"<{tag[:100]}>: names with a prefix aren't read")


def _refuse_doctype(name: str, system_id: str | None, public_id: str | None, has_internal_subset: bool) -> None:
    raise RefusedError("a document type: neither it nor its entities are read")
