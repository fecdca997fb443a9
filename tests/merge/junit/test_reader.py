"""Every dialect is read as its tool means it, and what can't be read is named."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from merge.junit.samples import OWN, SAMPLES, TEST, A, Sample, case, pytest_xml

from ci_tools.merge.junit.find import checkout_files, find_junit, read_all
from ci_tools.merge.junit.identity import NodeIds
from ci_tools.merge.junit.reader import JUnitFile, read_junit, read_stream
from ci_tools.merge.junit.values import Capped
from ci_tools.model.errors import CiToolsError
from ci_tools.model.run import Attempt, Outcome, deciding


def read(content: bytes, *files: str) -> JUnitFile:
    return read_stream(io.BytesIO(content), NodeIds(files), name="junit.xml")


def by_test(file: JUnitFile) -> dict[str, list[Attempt]]:
    found: dict[str, list[Attempt]] = {}
    for attempt in file.attempts:
        found.setdefault(attempt.nodeid, []).append(attempt)
    return found


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=list(SAMPLES))
def test_a_file_is_read_as_its_tool_means_it(sample: Sample) -> None:
    file = read(sample.content, *sample.files)
    found = by_test(file)
    assert {name: " ".join(a.outcome.value for a in attempts) for name, attempts in found.items()} == sample.tests
    assert file.skipped_modules == sample.skipped_modules
    assert file.problems == ((sample.problem,) if sample.problem else ())
    decided = {name: deciding(attempts).outcome.value for name, attempts in found.items()}
    assert decided == {name: outcomes.split()[-1] for name, outcomes in sample.tests.items()} | sample.decides


def test_a_failure_keeps_message_text_phase_and_place() -> None:
    text = "def test_a():\n&gt;   assert 0\nE   assert 0\n\ntests/test_a.py:7: AssertionError"
    inner = f"<error message='failed on setup with \"assert 0\"'>{text}</error>"
    [attempt] = read(pytest_xml(case(inner)), "tests/test_a.py").attempts
    assert attempt == Attempt(
        nodeid=TEST,
        outcome=Outcome.ERROR,
        seconds=(0.0, 0.001, 0.0),
        phase="setup",
        message='failed on setup with "assert 0"',
        text=text.replace("&gt;", ">"),
        location="tests/test_a.py:7",
    )


@pytest.mark.parametrize("last", ["/etc/passwd:7: Error", "../a.py:7: Error", "E   a.py:7: Error", "a.py:x: Error"])
def test_a_place_outside_of_the_checkout_is_none(last: str) -> None:
    [attempt] = read(pytest_xml(case(f"<failure>x\n{last}</failure>"))).attempts
    assert attempt.location == ""


def test_a_long_text_keeps_its_head_and_its_tail() -> None:
    [attempt] = read(pytest_xml(case(f"<failure>{'h' * 5000}{'m' * 99_999}{'t' * 5000}</failure>"))).attempts
    assert attempt.text == f"{'h' * 2028}\n... {109_999 - 2 * 2028} characters ...\n{'t' * 2028}"


@pytest.mark.parametrize("size", [1, 7, 2028, 4095, 4096, 4097, 9000, 30_000])
def test_a_text_that_comes_in_pieces_is_shortened_as_a_whole(size: int) -> None:
    text = "".join(f"{number}\n" for number in range(5000))
    for whole in (text, text[:4096], text[:4097], text[:6200]):
        capped = Capped()
        for start in range(0, len(whole), size):
            capped.add(whole[start : start + size])
        dropped = f"\n... {len(whole) - 2 * 2028} characters ...\n"
        assert capped.text == (whole if len(whole) <= 4096 else whole[:2028] + dropped + whole[-2028:])


def test_output_within_a_failed_attempt_is_not_its_text() -> None:
    [failed, _] = read(OWN["surefire-flaky"].content).attempts[:2]
    assert (failed.message, failed.text) == ("m", "at x")


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("1.5", 1.5),
        ("1,234.5", 1234.5),
        ("1,234", 1234.0),
        ("0,123", 0.123),
        ("-1", 0.0),
        ("", 0.0),
        ("NaN", 0.0),
        ("1e999", 0.0),
        ("fast", 0.0),
    ],
)
def test_a_time_of_any_locale_is_read(time: str, seconds: float) -> None:
    [attempt] = read(f'<testsuite><testcase classname="a" name="b" time="{time}"/></testsuite>'.encode()).attempts
    assert attempt.seconds == (0.0, seconds, 0.0)


def test_a_report_of_another_kind_is_told_from_a_broken_one() -> None:
    file = read(b'<?xml version="1.0" ?>\n<coverage line-rate="1"/>')
    assert (file.foreign, file.problems) == ("coverage", ("line 2: its root is <coverage>: not JUnit",))


def test_what_is_no_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "loop.xml").symlink_to("loop.xml")
    os.mkfifo(tmp_path / "pipe.xml")
    (tmp_path / "directory.xml").mkdir()
    problems = {
        name: read_junit(tmp_path / f"{name}.xml", NodeIds()).problems for name in ("loop", "pipe", "directory", "gone")
    }
    assert problems == {
        "loop": ("can't be read: Too many levels of symbolic links",),
        "pipe": ("not a regular file",),
        "directory": ("can't be read: Is a directory",),
        "gone": ("can't be read: No such file or directory",),
    }


def test_files_are_found_once_and_in_order(tmp_path: Path) -> None:
    for name in ("b/x.xml", "a/y.XML", "a/z.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(pytest_xml(case()))
    (tmp_path / "again.xml").symlink_to(tmp_path / "b/x.xml")
    named = tmp_path / "a/z.txt"
    found = find_junit([tmp_path / "b", named, tmp_path])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["a/y.XML", "a/z.txt", "b/x.xml"]
    seen: list[int] = []
    files = read_all(found, NodeIds(["tests/test_a.py"]), seen=seen.append)
    assert [by_test(file).keys() for file in files] == [{TEST}] * 3
    assert seen == [1, 2, 3]


def test_nothing_found_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(CiToolsError, match=r"no such file or directory: .*/gone"):
        find_junit([tmp_path / "gone"])
    with pytest.raises(CiToolsError, match=r"no \.xml file in") as error:
        find_junit([tmp_path])
    assert error.value.hint == "`pytest --junit-xml FILE` writes one"


def test_the_checkout_is_listed_without_what_holds_no_tests(tmp_path: Path) -> None:
    for name in ("tests/a/test_b.py", ".git/config", "node_modules/x.js", "setup.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert sorted(checkout_files(tmp_path)) == ["setup.py", "tests/a/test_b.py"]


def test_a_name_is_kept_whatever_its_attributes_order() -> None:
    content = pytest_xml(f'<testcase time="1" name="test_a" classname="tests.test_a"/><testcase {A}/>')
    assert by_test(read(content, "tests/test_a.py")).keys() == {TEST}


@pytest.mark.parametrize("status", ["fail", "Failed", "broken", "timeout", "timed_out", "aborted", "interrupted"])
def test_a_status_that_says_it_failed_is_no_pass(status: str) -> None:
    [attempt] = read(f'<testsuite><testcase name="a" status="{status}"/></testsuite>'.encode()).attempts
    assert attempt.outcome.is_bad


def test_a_count_of_any_locale_is_held_against_the_cases() -> None:
    file = read(b'<testsuite failures=" 1,234"><testcase name="a"/></testsuite>')
    assert file.problems == ("line 1: suite '' counts 1,234 failures and shows none",)
