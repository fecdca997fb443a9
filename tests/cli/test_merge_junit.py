"""`ci-tools merge` on JUnit files: what an earlier merge left makes nothing green."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bundles import plan_of_files

from ci_tools.cli.main import main
from ci_tools.formats import plan_json

BOTH = "".join(f"<testcase classname='{name}' name='test_{name}'/>" for name in "ab")


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.py", "b.py"):
        Path(name).touch()
    Path("reports").mkdir()
    Path("plan.json").write_text(plan_json.dumps(plan_of_files(["a.py"], ["b.py"])))


def test_what_an_earlier_merge_wrote_stands_for_no_test(capsys: pytest.CaptureFixture[str]) -> None:
    Path("reports/junit-all.xml").write_text(f"<testsuite>{BOTH}</testsuite>")
    assert main(["merge", ".", "--plan", "plan.json"]) == 0
    Path("reports/junit-all.xml").write_text("<testsuite><testcase classname='a' name='test_a'/></testsuite>")
    capsys.readouterr()
    assert main(["merge", ".", "--plan", "plan.json"]) == 2
    assert capsys.readouterr().err == (
        "ci-tools: error: merged/junit.xml is what this merge would write, and among what it would read\n"
        "ci-tools: hint: say another --out, outside of what is merged, and remove what an earlier merge left there\n"
    )
    assert main(["merge", "reports", "--plan", "plan.json"]) == 3


def test_since_attempt_is_refused_where_nothing_heeds_it(capsys: pytest.CaptureFixture[str]) -> None:
    Path("reports/all.xml").write_text(f"<testsuite>{BOTH}</testsuite>")
    assert main(["merge", "reports", "--since-attempt", "2"]) == 2
    assert capsys.readouterr().err == (
        "ci-tools: error: --since-attempt is for bundles\nci-tools: hint: name the JUnit files of that attempt alone\n"
    )


def test_a_name_that_was_recorded_unresolved_is_resolved_once_the_checkout_is_there() -> None:
    Path("reports/all.xml").write_text(f"<testsuite>{BOTH}</testsuite>")
    Path("elsewhere").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir("elsewhere")
        assert main(["merge", "../reports", "--history", "../history.sqlite"]) == 0
    assert _ids(Path("elsewhere/merged")) == ["a::test_a", "b::test_b"]
    assert main(["merge", "reports", "--history", "history.sqlite"]) == 0
    assert _ids(Path("merged")) == ["a.py::test_a", "b.py::test_b"]


def _ids(directory: Path) -> list[str]:
    return [test["id"] for test in json.loads((directory / "report.json").read_text())["tests"]]
