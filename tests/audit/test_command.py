"""`ci-tools audit` as it is called."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path

import pytest

from ci_tools.audit.rules import RULES, documentation_of
from ci_tools.cli.main import main
from ci_tools.model.errors import BUG, NO, UNJUDGED, USAGE, YES
from ci_tools.trial.series import MARK, Series

TEST = """\
import os
from pathlib import Path


def test_report():
    Path("out.txt").write_text("x")


def test_env():
    os.environ["A"] = "1"


def test_fine(tmp_path):
    (tmp_path / "x").write_text("x")
"""
TEXT = """\
tests/test_a.py:6:5: high CIT001 writes to 'out.txt', a path that every worker has
    |
  6 |     Path("out.txt").write_text("x")
    |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    = fix: write below `tmp_path`; where the path is built in, `monkeypatch.chdir(tmp_path)` first

tests/test_a.py:10:5: medium CIT202 sets environment variable 'A' and leaves it so
     |
  10 |     os.environ["A"] = "1"
     |     ^^^^^^^^^^^^^^^
     = fix: use `monkeypatch.setenv` or `monkeypatch.delenv`

  blocked     tests/test_a.py: 1 of 3 tests ready
0 of 1 file, 1 of 3 tests are ready (static only); 1 blocked, 1 order-risk

     1  CIT001 write-constant-path  high
     1  CIT202 environ-mutation     medium
1 file: 1 high, 1 medium
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path, {"pytest.ini": "[pytest]\n", "tests/test_a.py": TEST})
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def configure(root: Path, text: str) -> None:
    write(root, {"pyproject.toml": f"[tool.pytest.ini_options]\n[tool.ci-tools.audit]\n{text}\n"})
    (root / "pytest.ini").unlink()


def audit(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Return exit code, stdout, stderr."""
    code = main(["audit", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def found(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Return `rule:line` of what counts."""
    document = json.loads(audit(capsys, "--format", "json", *words)[1])
    return [f"{one['rule']}:{one['line']}" for one in document["findings"]]


def test_what_is_found_is_printed_with_its_source(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(capsys) == (NO, TEXT, "")


def test_a_directory_or_a_file_may_be_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(capsys, "tests") == (NO, TEXT, "")
    assert audit(capsys, "tests/test_a.py") == (NO, TEXT, "")
    code, _, err = audit(capsys, "none")
    assert (code, err.splitlines()[0]) == (UNJUDGED, "ci-tools: error: no such file or directory: none")


def test_colours_are_for_a_terminal(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = audit(capsys)[1]
    assert "\x1b[1;31mhigh\x1b[0m" in out and 'Path("out.txt").write_text("x")\n' in out


@pytest.mark.parametrize(("fail_on", "code"), [("high", NO), ("medium", NO), ("low", NO), ("note", NO), ("never", YES)])
def test_the_least_severity_that_fails_can_be_said(
    root: Path, capsys: pytest.CaptureFixture[str], fail_on: str, code: int
) -> None:
    assert audit(capsys, "--fail-on", fail_on)[0] == code


def test_below_medium_nothing_fails_unless_asked_for(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(root, 'severity = {CIT0 = "low", CIT2 = "note"}')
    assert audit(capsys)[0] == YES
    assert audit(capsys, "--fail-on", "low")[0] == NO


def test_rules_are_chosen_by_command_line_or_table(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(capsys, "--select", "CIT0, CIT5") == ["CIT001:6"]
    assert found(capsys, "--ignore", "CIT001") == ["CIT202:10"]
    configure(root, 'select = ["CIT2"]')
    assert found(capsys) == ["CIT202:10"]
    code, _, err = audit(capsys, "--select", "CIT9")
    assert (code, err) == (
        USAGE,
        "ci-tools: error: no rule 'CIT9'\nci-tools: hint: `ci-tools audit --list` prints them\n",
    )


def test_files_can_be_excluded_or_excused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {"tests/data/test_b.py": TEST, "tests/old/test_c.py": TEST})
    configure(root, 'exclude = ["tests/data"]\nper_file_ignores = {"tests/old/**" = ["CIT0"]}')
    document = json.loads(audit(capsys, "--format", "json")[1])
    assert [(one["rule"], one["path"]) for one in document["findings"]] == [
        ("CIT202", "tests/old/test_c.py"),
        ("CIT001", "tests/test_a.py"),
        ("CIT202", "tests/test_a.py"),
    ]
    assert [(one["path"], one["by"], one["reason"]) for one in document["set_aside"]] == [
        ("tests/old/test_c.py", "configuration", "per_file_ignores: tests/old/**")
    ]


def test_a_comment_sets_a_finding_aside_and_makes_its_test_ready(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = TEST.replace(
        'write_text("x")\n\n\ndef test_env', 'write_text("x")  # ci-tools: ignore[CIT001] mine\n\n\ndef test_env'
    )
    write(root, {"tests/test_a.py": text})
    document = json.loads(audit(capsys, "--format", "json")[1])
    assert [one["rule"] for one in document["findings"]] == ["CIT202"]
    assert [(one["rule"], one["by"], one["reason"]) for one in document["set_aside"]] == [("CIT001", "comment", "mine")]
    assert document["remarks"] == []
    assert document["readiness"]["tests_by_state"] == {"blocked": 0, "suspect": 0, "order-risk": 1, "ready": 2}


def test_a_comment_is_of_use_though_the_table_ignores_the_rule_too(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root, {"tests/test_a.py": TEST.replace('= "1"', '= "1"  # ci-tools: ignore[CIT202] mine')})
    configure(root, 'per_file_ignores = {tests = ["CIT202"]}')
    document = json.loads(audit(capsys, "--format", "json")[1])
    assert ([one["by"] for one in document["set_aside"]], document["remarks"]) == (["configuration"], [])


def test_strict_wants_reasons_and_no_comment_that_is_unused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {"tests/test_a.py": "def test_a():\n    pass  # ci-tools: ignore[CIT001] for ever\n"})
    remark = "tests/test_a.py:2: the comment ignores CIT001, which isn't found here\n  = fix: remove it\n"
    code, out, _ = audit(capsys)
    assert (code, out.startswith(remark)) == (YES, True)
    configure(root, "strict = true")
    assert audit(capsys)[0] == NO


def test_from_a_baseline_on_only_new_findings_fail(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(capsys, "--write-baseline") == (
        YES,
        "",
        "written: .ci-tools/audit-baseline.json, 2 known findings\n",
    )
    write(root, {"tests/test_a.py": f"import json\n\n{TEST}"})
    code, out, _ = audit(capsys)
    assert (code, out.splitlines()[-1]) == (YES, "1 file: nothing found; 2 set aside by baseline")
    assert "1 of 3 tests are ready (static only); 1 blocked, 1 order-risk" in out
    write(root, {"tests/test_a.py": f"{TEST}\n\ndef test_new():\n    os.environ['B'] = '1'\n"})
    assert found(capsys) == ["CIT202:18"]


def test_what_is_mended_must_leave_the_baseline(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    audit(capsys, "--write-baseline", "--baseline", "base.json")
    write(root, {"tests/test_a.py": TEST.replace('"out.txt"', "os.devnull")})
    _, out, _ = audit(capsys, "--baseline", "base.json")
    assert out.startswith("base.json:1: tests/test_a.py: 1 finding of CIT001 in test_report is gone: Path(")
    assert "is gone" not in audit(capsys, "--baseline", "base.json", "--select", "CIT2")[1]
    (root / "tests" / "test_a.py").rename(root / "tests" / "test_moved.py")
    assert "of CIT202 in test_env is gone" in audit(capsys, "--baseline", "base.json")[1]
    monkeypatch.chdir(root / "tests")
    assert "\nbase.json:1: " in audit(capsys, "--baseline", "../base.json", "test_moved.py", ".")[1]


def test_a_baseline_is_named_from_where_one_is(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root / "tests")
    assert audit(capsys, "--write-baseline", "--baseline", "base.json")[2].startswith("written: base.json, 2 known")
    assert (root / "tests" / "base.json").is_file()
    assert audit(capsys, "--baseline", "base.json")[0] == YES


def test_what_could_not_be_read_is_not_gone(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audit(capsys, "--write-baseline")
    write(root, {"tests/test_a.py": "def broken(:\n"})
    assert "gone" not in audit(capsys)[1]


def test_a_baseline_of_a_part_keeps_the_rest(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {"tests/test_b.py": TEST})
    audit(capsys, "--write-baseline")
    write(root, {"tests/test_b.py": "def test_b():\n    pass\n"})
    assert audit(capsys, "--write-baseline", "tests/test_a.py", "--select", "CIT0")[2].endswith("4 known findings\n")
    assert audit(capsys, "--write-baseline")[2].endswith("2 known findings\n")


def test_a_baseline_that_is_named_must_be_there_and_be_one(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = audit(capsys, "--baseline", "none.json")
    assert (code, err) == (
        UNJUDGED,
        (
            f"ci-tools: error: no such file: {root / 'none.json'}\n"
            "ci-tools: hint: write one: `ci-tools audit --write-baseline`\n"
        ),
    )
    write(root, {"base.json": "{}"})
    code, _, err = audit(capsys, "--baseline", "base.json")
    assert (code, err.splitlines()[0]) == (
        UNJUDGED,
        "ci-tools: error: base.json: found nothing, wanted 'xdist-ci/audit-baseline'",
    )


def test_a_test_file_that_is_no_python_can_not_be_judged(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {"tests/test_a.py": "def test_a(:\n"})
    code, out, err = audit(capsys)
    assert (code, err) == (UNJUDGED, "1 test file can't be read, and so not be judged\n")
    assert out.startswith("tests/test_a.py:1: not Python that this interpreter reads: ")
    write(root, {"tests/test_b.py": TEST})
    assert audit(capsys)[0] == NO


@pytest.mark.parametrize(
    ("path", "words", "code"),
    [
        ("tests/conftest.py", [], UNJUDGED),
        ("tests/checks.py", ["tests/checks.py"], UNJUDGED),
        ("tests/checks.py", [], YES),
    ],
)
def test_only_what_pytest_reads_must_be_python(
    root: Path, capsys: pytest.CaptureFixture[str], path: str, words: list[str], code: int
) -> None:
    write(root, {"tests/test_a.py": "def test_a():\n    pass\n", path: "def broken(:\n"})
    assert audit(capsys, *words)[0] == code


def test_a_rule_that_fails_is_a_bug_and_the_others_go_on(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    audit(capsys, "--write-baseline")
    monkeypatch.setattr("ci_tools.audit.rules.cit202_environ_mutation.check", lambda suite: 1 / 0)
    assert "gone" not in audit(capsys)[1]
    assert "2 known findings" in audit(capsys, "--write-baseline")[2]
    (root / ".ci-tools" / "audit-baseline.json").unlink()
    code, out, err = audit(capsys, "--fail-on", "never")
    assert (code, "CIT001" in out) == (BUG, True)
    assert err.startswith("ci-tools: error: CIT202 failed, a bug in ci-tools: ZeroDivisionError: ")


def test_ports_that_are_only_mentioned_are_in_the_documents(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {"tests/test_a.py": "def test_a(client):\n    assert client.url == 'http://localhost:8080/'\n"})
    assert json.loads(audit(capsys, "--format", "json")[1])["mentions"] == [
        {"path": "tests/test_a.py", "line": 2, "port": 8080}
    ]
    assert "Ports that are only mentioned (1)" in audit(capsys, "--format", "markdown")[1]


def test_no_tests_can_not_be_judged(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "tests" / "test_a.py").rename(root / "tests" / "conftest.py")
    assert audit(capsys, "tests/conftest.py")[0] == YES
    code, _, err = audit(capsys)
    assert (code, err) == (
        UNJUDGED,
        "ci-tools: error: no test files\nci-tools: hint: name some: `ci-tools audit PATH`\n",
    )


def test_sarif_is_of_the_whole_repository(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / ".git").mkdir()
    write(root, {"pkg/pytest.ini": "[pytest]\n", "pkg/tests/test_a.py": TEST})
    monkeypatch.chdir(root / "pkg")
    assert audit(capsys, "--format", "sarif", "--out", "a.sarif") == (NO, "", "written: a.sarif\n")
    [run] = json.loads((root / "pkg" / "a.sarif").read_text())["runs"]
    assert [one["id"] for one in run["tool"]["driver"]["rules"]] == list(RULES)
    places = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]]
    assert places == ["pkg/tests/test_a.py"] * 2
    assert all("primaryLocationLineHash" in one["partialFingerprints"] for one in run["results"])


def test_suppressed_results_are_for_those_who_ask(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audit(capsys, "--write-baseline")

    def results(*words: str) -> list[list[dict[str, str]]]:
        [run] = json.loads(audit(capsys, "--format", "sarif", *words)[1])["runs"]
        return [one.get("suppressions", []) for one in run["results"]]

    assert results() == []
    assert results("--suppressed") == [[{"kind": "external", "justification": "baseline"}]] * 2


def test_github_is_told_by_annotations(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(capsys, "--format", "github", "--select", "CIT202") == (
        NO,
        (
            "::warning file=tests/test_a.py,line=10,title=CIT202 environ-mutation::sets environment variable 'A' and "
            "leaves it so%0Afix: use `monkeypatch.setenv` or `monkeypatch.delenv`\n1 file: 1 medium\n"
        ),
        "",
    )


def test_annotations_are_no_file(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(capsys, "--format", "github", "--out", "a.txt") == (
        USAGE,
        "",
        (
            "ci-tools: error: --format github is said to the runner, not written to a file\n"
            "ci-tools: hint: leave --out out, or choose another format\n"
        ),
    )


def test_a_file_name_is_no_workflow_command(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "tests/test_\n::error::x%0A,.py"
    write(root, {name: TEST})
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for format in ("github", "text", "markdown"):
        out = audit(capsys, "--format", format)[1]
        commands = [line for line in out.splitlines() if line.lstrip().startswith("::")]
        assert len(commands) == (4 if format == "github" else 0)
        assert all(line.startswith(("::error file=tests/test_", "::warning file=tests/test_")) for line in commands)


def test_all_rules_are_listed_and_each_is_explained(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = audit(capsys, "--list")[1].splitlines()
    assert [line.split()[0] for line in lines] == list(RULES)
    assert audit(capsys, "--explain", "cit001") == (YES, documentation_of("CIT001") + "\n", "")
    assert audit(capsys, "--explain", "CIT999")[0] == USAGE


def test_a_command_is_for_the_dynamic_audit(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = audit(capsys, "--", "pytest")
    assert (code, err.splitlines()[0]) == (USAGE, "ci-tools: error: a command is for --dynamic")


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        (["--runs", "5"], "--runs is for --dynamic"),
        (["--resume"], "--resume is for --dynamic"),
        (["--suppressed"], "--suppressed is for --format sarif"),
        (["--diff", "--out", "a.patch"], "--diff does nothing else"),
        (["--diff", "--write-baseline"], "--diff does nothing else"),
        (["--write-baseline", "--format", "json"], "--write-baseline does nothing else"),
    ],
)
def test_no_option_is_passed_over(root: Path, capsys: pytest.CaptureFixture[str], words: list[str], fact: str) -> None:
    code, out, err = audit(capsys, *words)
    assert (code, out, err.splitlines()[0]) == (USAGE, "", f"ci-tools: error: {fact}")


@pytest.mark.parametrize("words", [["--select", "CIT0"], ["--write-baseline"], ["--format", "sarif"], ["tests"]])
def test_not_everything_goes_with_the_dynamic_audit(
    root: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    code, _, err = audit(capsys, "--dynamic", *words, "--", "false")
    assert (code, words[0].lstrip("-") in err) == (USAGE, True)


def test_a_seed_that_no_run_would_take_is_refused_before_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["audit", "--dynamic", "--seed", "-1", "--", "false"])
    assert (exit_.value.code, "'-1' is no seed" in capsys.readouterr().err) == (USAGE, True)


def test_the_runs_of_another_process_are_left_alone(root: Path) -> None:
    mine = Series(root / ".ci-tools/audit/watch", (), {}, say=print)
    pair = root / ".ci-tools/audit/pair-1"
    pair.mkdir()
    (pair / MARK).touch()
    command = [sys.executable, "-m", "ci_tools", "audit", "--dynamic", "--", "false"]
    other = subprocess.run(command, capture_output=True, text=True, cwd=root)
    assert (other.returncode, pair.exists(), mine.n_run) == (USAGE, True, 0)
    assert other.stderr.splitlines()[-1].endswith("wait for its end, or choose another --trials")


def test_a_slow_audit_says_what_it_does(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ci_tools.cli.audited.SLOW_S", 0.0)
    collects = []
    monkeypatch.setattr(
        "ci_tools.audit.rules.cit202_environ_mutation.check", lambda suite: collects.append(gc.isenabled()) or []
    )
    assert audit(capsys)[2] == "reading the tests and what they import\nfollowing 1 test file and what they import\n"
    assert collects == [False]  # which would take half of the time
