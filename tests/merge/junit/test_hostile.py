"""Files that were damaged, or made to do harm: no exception, no hang, right counts or a named refusal."""

from __future__ import annotations

import io
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, TestCase
from merge.junit.samples import OWN, SAMPLES, pytest_xml
from strategies import hostile_text, no_hang

from ci_tools.formats.junit_xml import legal
from ci_tools.merge.junit.identity import NodeIds
from ci_tools.merge.junit.reader import JUnitFile, read_stream
from ci_tools.model.run import Attempt, deciding

N_CASES = 50
CASES = [
    f'<testcase classname="tests.test_a" name="test_{number}" time="0.001">'
    + (f'<failure message="no">E   assert {number}</failure>' if number % 5 == 0 else "")
    + "</testcase>\n"
    for number in range(N_CASES)
]
WHOLE = pytest_xml("".join(CASES), f' tests="{N_CASES}" failures="10"')
ENDS = [match.end() for match in re.finditer(b"</testcase>", WHOLE)]


def read(content: bytes) -> JUnitFile:
    with no_hang():
        return read_stream(io.BytesIO(content), NodeIds(["tests/test_a.py"]), name="junit.xml")


def counts(file: JUnitFile) -> tuple[int, int]:
    return len(file.attempts), sum(attempt.outcome.is_bad for attempt in file.attempts)


@pytest.mark.parametrize("seed", range(100))
def test_of_a_file_cut_anywhere_all_complete_cases_are_kept(seed: int) -> None:
    cut = random.Random(seed).randrange(len(WHOLE))
    complete = sum(end <= cut for end in ENDS)
    file = read(WHOLE[:cut])
    assert len(file.problems) == 1
    assert [int(a.nodeid.rpartition("_")[2]) for a in file.attempts] in (
        sorted(range(complete), key=str),
        sorted(range(complete + 1), key=str),  # the next one's failure was complete
    )


@pytest.mark.parametrize("seed", range(100))
def test_of_a_file_with_damaged_bytes_nothing_is_counted_twice_and_nothing_lost_unsaid(seed: int) -> None:
    chance = random.Random(seed)
    damaged = bytearray(WHOLE)
    for _ in range(chance.randrange(1, 20)):
        a, b = chance.randrange(len(WHOLE)), chance.randrange(len(WHOLE))
        damaged[a], damaged[b] = damaged[b], damaged[a]
    file = read(bytes(damaged))
    n_cases, n_bad = counts(file)
    assert n_cases <= N_CASES and n_bad <= 10
    assert file.problems or n_cases == N_CASES


def other_mutations() -> Iterator[tuple[str, bytes]]:
    chance = random.Random(1)
    for number in range(40):
        at = chance.randrange(len(WHOLE))
        yield f"NULs-{number}", WHOLE[:at] + b"\0" * chance.randrange(1, 9) + WHOLE[at:]
        yield f"noise-{number}", WHOLE[:at] + chance.randbytes(chance.randrange(1, 99)) + WHOLE[at:]
        yield f"doubled-{number}", WHOLE[:at] + WHOLE[chance.randrange(at + 1) :]
    for encoding in ("utf-16", "utf-16-le", "utf-32", "latin-1", "cp037", "utf-7", "shift_jis", "rot13", "nonsense"):
        said = WHOLE.replace(b'"utf-8"', f'"{encoding}"'.encode())
        yield f"says-{encoding}", said
        if encoding not in ("rot13", "nonsense"):
            yield f"is-{encoding}", WHOLE.decode().encode(encoding)


@pytest.mark.parametrize("content", [pytest.param(content, id=name) for name, content in other_mutations()])
def test_whatever_is_in_a_file_is_counted_or_refused_by_name(content: bytes) -> None:
    file = read(content)
    if not file.problems:
        assert counts(file) in ((N_CASES, 10), (content.count(b"</testcase>"), content.count(b"</failure>")))
    assert all(re.match(r"line \d+: |empty$|nothing but blanks$", problem) for problem in file.problems)


DEEP = b"<testsuites>" + b"<testsuite>" * 1_000_000
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<testsuite><testcase name='&b;'/></testsuite>"
)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (DEEP, "line 1: elements more than 100 deep in each other"),
        (b"<testsuite><testcase>" + b"<a>" * 1_000_000, "line 1: elements more than 100 deep in each other"),
        (b"<testsuite>" + b"<testcase>" * 1_000_000, "line 1: elements more than 100 deep in each other"),
        (LAUGHS, "line 1: a document type: neither it nor its entities are read"),
        (b"<testsuite><!--" + b"x" * 9_000_000, "line 1: a tag, attribute or comment of more than 8 MB"),
        (b'<testsuite><testcase name="' + b"x" * 9_000_000, "line 1: a tag, attribute or comment of more than 8 MB"),
        (b"<" + b"x" * 9_000_000, "line 1: a tag, attribute or comment of more than 8 MB"),
        (b"\n" * 9_000_000, "nothing but blanks"),
    ],
    ids=["suites", "elements", "cases", "laughs", "comment", "attribute", "tag", "blanks"],
)
def test_what_would_grow_is_refused(content: bytes, problem: str) -> None:
    assert read(content).problems[-1] == problem


def test_of_very_many_results_in_a_case_none_hides_the_failure() -> None:
    content = f"<testsuite><testcase name='t'>{'<flakyFailure/>' * 5000}<failure/></testcase></testsuite>"
    attempts = read(content.encode()).attempts
    assert (len(attempts), deciding(attempts).outcome.value) == (101, "failed")


def test_a_limit_on_cases_keeps_those_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ci_tools.merge.junit.reader.MAX_CASES", 10)
    file = read(WHOLE)
    assert (file.problems, counts(file)) == (("line 51: more than 10 cases",), (N_CASES, 10))  # one chunk's


MEMORY = """
import io, resource, sys
from ci_tools.merge.junit.identity import NodeIds
from ci_tools.merge.junit.reader import read_stream

class Endless(io.RawIOBase):
    '''200 MB of output between a head and a tail, made as they are read.'''
    def __init__(self, head, tail):
        self.parts = [head, *[b'output ' * 8192] * 3600, tail]
    def read(self, size=-1):
        return self.parts.pop(0) if self.parts else b''

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for tag in ('system-out', 'failure'):
    head, tail = b'<testsuite><testcase classname="a" name="t"><%s>', b'</%s></testcase></testsuite>'
    file = read_stream(Endless(head % tag.encode(), tail % tag.encode()), NodeIds(), name='x')
    print(len(file.attempts), file.problems, len(file.attempts[0].text))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < 50_000)
"""


def test_200_mb_of_output_take_no_memory() -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, timeout=120)
    assert (done.stderr, done.stdout) == ("", "1 () 0\n1 () 4085\nTrue\n")


@given(st.binary(max_size=200), st.sampled_from(list(OWN)), st.integers(0, 2000))
@settings(deadline=None, max_examples=150)
def test_no_bytes_anywhere_make_it_raise(noise: bytes, name: str, at: int) -> None:
    content = OWN[name].content
    read(content[:at] + noise + content[at:])
    read(noise)


def reference(content: bytes) -> list[TestCase]:
    """Return the cases that junitparser reads, those of nested suites too."""
    return [case for suite in JUnitXml.fromstring(content) for case in suite]


def is_bad(case: TestCase) -> bool:
    return any(isinstance(result, (Failure, Error)) for result in case.result)


KINDS = st.sampled_from(["", "failure", "error", "skipped"])


@given(st.lists(st.tuples(hostile_text, hostile_text, KINDS), max_size=8, unique_by=lambda case: case[:2]))
@settings(deadline=None, max_examples=100)
def test_hostile_names_are_as_many_cases_to_the_reference_reader(cases: list[tuple[str, str, str]]) -> None:
    body = "".join(
        f"<testcase classname={quoteattr(legal(classname))} name={quoteattr(legal(name))}>"
        f"{f'<{kind}/>' if kind else ''}</testcase>"
        for classname, name, kind in cases
    )
    content = f"<testsuite>{body}</testsuite>".encode()
    ours = read(content)
    theirs = reference(content)
    assert ours.problems == ()
    assert counts(ours) == (len(theirs), sum(map(is_bad, theirs)))


WELL_FORMED = {name: sample for name, sample in SAMPLES.items() if not sample.problem and "utf-8-that" not in name}
# Cases that fail without an element of junitparser's: by a status, as a suite, by Surefire's word alone.
UNSEEN = {"status-failed-alone": 1, "suite-error": 1, "surefire-rerun-alone": 1}


@pytest.mark.parametrize("name", WELL_FORMED)
def test_the_reference_reader_finds_as_many_failing_cases(name: str) -> None:
    sample = WELL_FORMED[name]
    content = sample.content.lstrip(b"\xef\xbb\xbf\r\n ")  # which it doesn't take
    bad_there = [case for case in reference(content) if is_bad(case)]
    theirs = {(case.classname or number, case.name) for number, case in enumerate(bad_there)}
    found: dict[str, list[Attempt]] = {}
    for attempt in read_stream(io.BytesIO(content), NodeIds(sample.files), name="x").attempts:
        found.setdefault(attempt.nodeid, []).append(attempt)
    bad = [nodeid for nodeid, attempts in found.items() if deciding(attempts).outcome.is_bad]
    assert len(bad) == len(theirs) + UNSEEN.get(name, 0)


@pytest.mark.parametrize(
    ("inside", "problem"),
    [
        ("<testcase name='b'><failure/></testcase>", "<testcase> inside a case, not read"),
        ("<testsuite><testcase name='b'><failure/></testcase></testsuite>", "<testsuite> inside a case, not read"),
        ("<results><failure>x</failure></results>", "<failure> inside a case, not read"),
        ("<skipped><error/></skipped>", "<error> inside a case, not read"),
        ("<j:failure xmlns:j='urn:j'>x</j:failure>", "<j:failure>: names with a prefix aren't read"),
    ],
)
def test_a_failure_where_no_case_has_one_is_no_pass(inside: str, problem: str) -> None:
    file = read(f"<testsuite><testcase name='a'/><testcase name='c'>{inside}</testcase></testsuite>".encode())
    assert file.problems[0] == f"line 1: {problem}"


def test_a_case_with_a_prefix_is_refused_and_not_left_out() -> None:
    file = read(
        b"<testsuite xmlns:j='urn:j'><testcase name='a'/>\n<j:testcase name='b'><j:failure/></j:testcase></testsuite>"
    )
    assert (file.problems, counts(file)) == (("line 2: <j:testcase>: names with a prefix aren't read",), (1, 0))


def test_markup_within_a_failure_is_its_own_business() -> None:
    file = read(b"<testsuite><testcase name='a'><failure>x<error/></failure></testcase></testsuite>")
    assert (file.problems, counts(file)) == ((), (1, 1))


def test_of_very_many_problems_some_are_told() -> None:
    file = read(b"<testsuites>" + b"<testsuite failures='1'/>\n" * 10_000 + b"</testsuites>")
    assert (len(file.problems), file.problems[0]) == (100, "line 1: suite '' counts 1 failure and shows none")


def test_a_skipped_module_that_failed_too_has_failed() -> None:
    inner = "<skipped message='collection skipped'/><failure>x</failure>"
    file = read(f"<testsuite><testcase name='a' classname=''>{inner}</testcase></testsuite>".encode())
    assert (counts(file), file.skipped_modules) == ((1, 1), ())
