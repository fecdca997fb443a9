"""`ci-tools report`: a merged run once more, in another format."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from samples import REPORT

from ci_tools.cli.main import main
from ci_tools.formats import report_json

BEGINS = {
    "text": "shard  state",
    "html": "<!doctype html>",
    "markdown": "### ❌",
    "junit": '<?xml version="1.0" encoding="utf-8"?>\n<testsuites',
    "trace": "{",
}


@pytest.fixture(autouse=True)
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("merged").mkdir()
    Path("merged/report.json").write_text(report_json.dumps(REPORT))


@pytest.mark.parametrize("name", BEGINS)
def test_each_format_is_printed_or_written(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--format", name]) == 0
    printed = capsys.readouterr().out
    assert printed.lower().startswith(BEGINS[name].lower())
    assert main(["report", "merged/report.json", "--format", name, "--out", "new/file"]) == 0
    assert Path("new/file").read_text() == printed
    if name == "trace":
        json.loads(printed)


def test_a_run_without_shards_begins_with_its_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    Path("merged/report.json").write_text(report_json.dumps(replace(REPORT, shards=())))
    assert main(["report"]) == 0
    assert capsys.readouterr().out.startswith("INCOMPLETE: ")


def test_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "gone"]) == 3
    assert capsys.readouterr().err == (
        "ci-tools: error: no such file: gone/report.json\nci-tools: hint: make one with `ci-tools merge`\n"
    )


def test_a_report_of_very_many_tests_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    with Path("merged/report.json").open("a") as file:
        file.write(" " * 100_000_000)
    assert main(["report"]) == 0
    assert capsys.readouterr().out.startswith("shard  state")
