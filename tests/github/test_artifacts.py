"""The reports of another workflow run: whatever they hold is a stranger's."""

from __future__ import annotations

import io
import os
import stat
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
from github.fake import FakeGitHub
from github.jobs import environ_of
from runner.events import payload

from ci_tools.github.artifacts import RunReport, fetch_reports, read_members
from ci_tools.github.context import Context, read_context
from ci_tools.github.rest import Client
from ci_tools.model.errors import CiToolsError

EVENT = payload("fork_workflow_run")  # attempt 2
RUN_ID, HEAD_SHA = EVENT["workflow_run"]["id"], EVENT["workflow_run"]["head_sha"]
NAMES = ("report.json", "cost.json")


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return read_context(environ_of("workflow_run", EVENT, tmp_path))


def zipped(**members: str | bytes) -> bytes:
    """Return a zip file; `report_json="x"` becomes the member report.json."""
    return zip_of([(name.replace("_json", ".json"), data) for name, data in members.items()])


def zip_of(members: list[tuple[str | zipfile.ZipInfo, str | bytes]], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", packing) as archive:
        warnings.simplefilter("ignore")  # zipfile warns of two members of one name
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def add(github: FakeGitHub, name: str, data: bytes | None = None, **changes: Any) -> None:
    head_sha = changes.pop("head_sha", HEAD_SHA)
    run_id = changes.pop("run_id", RUN_ID)
    github.add_artifact(run_id, name, data or zipped(report_json=name), head_sha=head_sha, **changes)


def reports(client: Client, context: Context, key: str = "") -> list[tuple[str, int, str]]:
    return [(one.key, one.attempt, one.report) for one in fetch_reports(client, context, key=key)]


def test_every_key_s_report_is_read(github: FakeGitHub, client: Client, context: Context) -> None:
    add(github, "xdist-ci-tests--report-attempt-2", zipped(report_json="{1}", cost_json="{2}", summary_md="x"))
    add(github, "xdist-ci-py3.10--report-attempt-2")
    add(github, "xdist-ci-py3.10--plan-attempt-2")
    add(github, "xdist-ci-py3.10--shard-1-of-2-attempt-2")
    add(github, "coverage")
    one, two = fetch_reports(client, context)
    assert (one.key, one.cost) == ("py3.10", "")
    name = "xdist-ci-tests--report-attempt-2"
    assert two == RunReport(key="tests", attempt=2, source=name, report="{1}", cost="{2}")
    assert [one.key for one in fetch_reports(client, context, key="tests")] == ["tests"]
    assert fetch_reports(client, context, key="test") == []


def test_the_newest_attempt_s_report_counts_but_none_of_the_future(
    github: FakeGitHub, client: Client, context: Context
) -> None:
    for attempt in (2, 10, 1, 3):
        add(github, f"xdist-ci-a--report-attempt-{attempt}")
    add(github, "xdist-ci-b--report-attempt-1")
    assert reports(client, context) == [
        ("a", 2, "xdist-ci-a--report-attempt-2"),
        ("b", 1, "xdist-ci-b--report-attempt-1"),
    ]


def test_a_report_on_a_later_page_is_found(github: FakeGitHub, client: Client, context: Context) -> None:
    for number in range(130):
        add(github, f"other-{number}")
    add(github, "xdist-ci-tests--report-attempt-2")
    assert [key for key, _, _ in reports(client, context)] == ["tests"]


@pytest.mark.parametrize(
    "change",
    [
        {"workflow_run": {"id": RUN_ID + 1, "head_sha": HEAD_SHA}},
        {"workflow_run": {"id": RUN_ID, "head_sha": "0" * 40}},
        {"workflow_run": None},
        {"expired": True},
        {"run_id": RUN_ID + 1},
    ],
    ids=["another run", "another commit", "no run", "expired", "listed elsewhere"],
)
def test_an_artifact_of_something_else_is_nothing(
    change: dict[str, Any], github: FakeGitHub, client: Client, context: Context
) -> None:
    add(github, "xdist-ci-tests--report-attempt-2", **change)
    assert fetch_reports(client, context) == []
    assert [request.host for request in github.requests] == ["api"]


@pytest.mark.parametrize(
    "name",
    [
        "xdist-ci-a--b--report-attempt-1",
        "xdist-ci---report-attempt-1",
        "xdist-ci-a--report-attempt-0",
        "xdist-ci-a--report-attempt-01",
        "xdist-ci-a--report-attempt-1\n",
        "xdist-ci-../a--report-attempt-1",
        f"xdist-ci-{'a' * 65}--report-attempt-1",
        "xdist-ci-<!----report-attempt-1",
    ],
)
def test_a_name_that_is_not_ours_is_nothing(name: str, github: FakeGitHub, client: Client, context: Context) -> None:
    add(github, name)
    assert fetch_reports(client, context) == []


def test_a_stranger_makes_no_more_than_twenty_comments(github: FakeGitHub, client: Client, context: Context) -> None:
    for number in range(25):
        add(github, f"xdist-ci-{number:02}--report-attempt-1")
    assert len(fetch_reports(client, context)) == 20


def test_a_file_that_is_not_the_uploaded_one_is_refused(github: FakeGitHub, client: Client, context: Context) -> None:
    add(github, "xdist-ci-tests--report-attempt-2", digest=f"sha256:{'0' * 64}")
    with pytest.raises(CiToolsError, match="its SHA-256 isn't the one it was uploaded with"):
        fetch_reports(client, context)


def test_a_file_without_a_digest_is_taken(github: FakeGitHub, client: Client, context: Context) -> None:
    add(github, "xdist-ci-tests--report-attempt-2", digest=None)
    assert len(fetch_reports(client, context)) == 1


def test_an_artifact_without_a_report_is_named(github: FakeGitHub, client: Client, context: Context) -> None:
    add(github, "xdist-ci-tests--report-attempt-2", zipped(cost_json="{}"))
    with pytest.raises(CiToolsError) as refused:
        fetch_reports(client, context)
    assert refused.value.fact == "artifact xdist-ci-tests--report-attempt-2 holds no report.json"


def test_a_download_above_the_limit_is_refused(
    github: FakeGitHub, client: Client, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ci_tools.github.artifacts.MAX_ZIP_BYTES", 1000)
    add(github, "xdist-ci-tests--report-attempt-2", zip_of([("report.json", os.urandom(2000))]))
    with pytest.raises(CiToolsError, match="GitHub's answer is larger than 1 kB"):
        fetch_reports(client, context)


def test_an_event_without_a_run_says_so(client: Client) -> None:
    with pytest.raises(CiToolsError) as refused:
        fetch_reports(client, read_context({}))
    assert (refused.value.fact, refused.value.hint) == ("the event names no workflow run", "run this on: workflow_run")


def refusal(data: bytes) -> str:
    with pytest.raises(CiToolsError) as refused:
        read_members(data, NAMES, source="artifact x")
    return refused.value.fact


def test_a_small_report_that_packs_well_is_read() -> None:
    text = "the same line\n" * 500_000
    assert read_members(zipped(report_json=text), NAMES, source="x") == {"report.json": text}


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zipped(report_json=b"0" * 20_000_000)
    assert len(bomb) < 25_000
    assert refusal(bomb).startswith("artifact x: report.json unpacks to more than ")


def test_a_bomb_that_lies_about_its_size_is_not_unpacked() -> None:
    bomb = bytearray(zipped(report_json=b"0" * 20_000_000))
    size = (20_000_000).to_bytes(4, "little")
    for start in (bomb.find(size), bomb.rfind(size)):
        bomb[start : start + 4] = (10).to_bytes(4, "little")
    assert refusal(bytes(bomb)).startswith("artifact x: not a zip file that can be read: ")


def test_a_report_as_large_as_reports_get_is_read() -> None:
    line = '{"id": "tests/test_a.py::test_%d", "outcome": "passed", "shard": 1, "attempts": [{"call_s": 0.%d}]},\n'
    text = "".join(line % (number, number * 7919 % 1000) for number in range(120_000))
    data = zipped(report_json=text)
    assert read_members(data, NAMES, source="x") == {"report.json": text}
    assert len(text) > 10_000_000


@pytest.mark.parametrize(
    "name", ["../report.json", "/report.json", "a/report.json", "a\\report.json", "./report.json", "REPORT.JSON"]
)
def test_a_name_that_leads_elsewhere_leads_nowhere(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    data = zip_of([(name, "evil"), ("report.json", "good")])
    assert read_members(data, NAMES, source="x") == {"report.json": "good"}
    assert [path.name for path in tmp_path.rglob("*")] == ["here"]


def test_a_link_is_no_report() -> None:
    link = zipfile.ZipInfo("report.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert refusal(zip_of([(link, "/etc/passwd")])) == "artifact x: report.json is no plain file"


def test_two_members_of_one_name_are_refused() -> None:
    data = zip_of([("report.json", "one"), ("report.json", "two")])
    assert refusal(data) == "artifact x: too many files, or two of one name"


def test_ten_thousand_members_are_too_many() -> None:
    data = zip_of([(str(number), "") for number in range(10_001)], packing=zipfile.ZIP_STORED)
    assert refusal(data) == "artifact x: too many files, or two of one name"


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_packing_that_github_does_not_use_is_refused(packing: int) -> None:
    fact = "artifact x: report.json is packed in a way that GitHub doesn't"
    assert refusal(zip_of([("report.json", "x")], packing)) == fact


def test_an_encrypted_member_is_refused() -> None:
    data = bytearray(zipped(report_json="x"))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(signature) + offset] |= 1
    assert refusal(bytes(data)).startswith("artifact x: not a zip file that can be read: ")


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x05\x06" + b"\0" * 10, zipped(report_json=b"\xff\xfe")])
def test_what_can_not_be_read_is_refused(data: bytes) -> None:
    assert refusal(data).startswith("artifact x: not a zip file that can be read: ")


@pytest.mark.parametrize("end", range(0, 200, 7))
def test_a_file_that_is_cut_off_is_refused_at_any_byte(end: int) -> None:
    whole = zipped(report_json="report" * 20, cost_json="cost" * 20)
    assert end < len(whole)
    assert refusal(whole[:end]).startswith("artifact x: ")


@pytest.mark.parametrize("position", range(30, 60))
def test_a_flipped_byte_is_refused(position: int) -> None:
    """The checksum of a member tells."""
    data = bytearray(zipped(report_json=os.urandom(100)))
    data[position] ^= 0x40
    assert refusal(bytes(data)).startswith("artifact x: ")
