"""`ci-tools doctor` as it is called."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from ci_tools.cli.doctor import configure, run
from ci_tools.doctor.rules import RULES, documentation_of
from ci_tools.model.errors import CiToolsError, UsageError

WORKFLOW = """\
on: push
permissions: {contents: read}
jobs:
  test:
    timeout-minutes: 30
    runs-on: ubuntu-latest
    strategy:
      matrix:
        group: [1, 2, 3, 4]
    steps:
      - run: uv run pytest -n auto --splits 5 --group ${{ matrix.group }}
  ok:
    needs: test
    if: always()
    runs-on: ubuntu-latest
    steps:
      - run: exit 1
        if: needs.test.result != 'success'
"""
PATH = ".github/workflows/ci.yml"
TEXT = f"""\
{PATH}:7: warning: job `test` shards tests by pytest-split and has GitHub's default, `fail-fast: true`: \
a failed shard cancels the others [fail-fast]
    fix: set `fail-fast: false` below `strategy:`
{PATH}:11: error: job `test`: `--splits 5`, and the matrix runs no `--group 5`: their tests run nowhere [shard-count]
    fix: make the matrix and the number of parts agree

{PATH}:11: pytest in job `test` runs -n auto (the command), --dist load (pytest-xdist's default)

1 workflow: 1 error, 1 warning
"""


def doctor(*words: str) -> int:
    parser = argparse.ArgumentParser()
    configure(parser)
    return run(parser.parse_args(words))


def write(root: Path, text: str, name: str = "ci.yml") -> None:
    path = root / ".github" / "workflows" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_findings_with_their_fixes_then_facts_then_how_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, WORKFLOW)
    assert doctor(str(tmp_path)) == 1
    assert capsys.readouterr().out == TEXT


def test_the_same_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, WORKFLOW)
    assert doctor(str(tmp_path), "--format", "json") == 1
    document = json.loads(capsys.readouterr().out)
    assert {key: value for key, value in document.items() if key not in ("findings", "facts")} == {
        "format": "xdist-ci/doctor",
        "version": 1,
        "workflows": 1,
        "ignored": 0,
    }
    assert document["findings"][1] == {
        "rule": "shard-count",
        "severity": "error",
        "path": PATH,
        "line": 11,
        "fact": "job `test`: `--splits 5`, and the matrix runs no `--group 5`: their tests run nowhere",
        "fix": "make the matrix and the number of parts agree",
    }
    assert document["facts"] == [
        {
            "path": PATH,
            "line": 11,
            "text": "pytest in job `test` runs -n auto (the command), --dist load (pytest-xdist's default)",
        }
    ]


def test_a_healthy_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    assert doctor(str(tmp_path)) == 0
    assert capsys.readouterr().out == "0 workflows: nothing found\n"


def test_notes_alone_are_no_no(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, WORKFLOW.replace("strategy:\n", "strategy:\n      fail-fast: false\n").replace("5 --", "4 --"))
    write(tmp_path, WORKFLOW.partition("  ok:")[0].replace("    timeout-minutes: 30\n", ""), "none.txt")
    assert doctor(str(tmp_path)) == 0
    assert capsys.readouterr().out.endswith("1 workflow: nothing found\n")


@pytest.mark.parametrize(
    ("line", "comment"),
    [
        ("    strategy:\n", "    strategy: # ci-tools: ignore[fail-fast] -- we mean it\n"),
        ("    strategy:\n", "    # ci-tools: ignore[timeout, fail-fast]\n    strategy:\n"),
    ],
)
def test_a_comment_ignores_a_rule_in_its_line(
    line: str, comment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, WORKFLOW.replace(line, comment))
    assert doctor(str(tmp_path)) == 1
    out = capsys.readouterr().out
    assert "[fail-fast]" not in out and "[shard-count]" in out and out.endswith("1 workflow: 1 error, 1 ignored\n")


def test_a_comment_of_another_rule_or_line_ignores_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = WORKFLOW.replace("    strategy:\n", "    strategy: # ci-tools: ignore[fail]\n")
    write(tmp_path, text.replace("  test:\n", "  test: # ci-tools: ignore[fail-fast]\n"))
    doctor(str(tmp_path))
    assert "[fail-fast]" in capsys.readouterr().out


def test_a_comment_above_addopts_ignores_a_rule_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, WORKFLOW)
    (tmp_path / "pytest.ini").write_text("[pytest]\n# ci-tools: ignore[stops-early]\naddopts = -x\n")
    doctor(str(tmp_path))
    assert "[stops-early]" not in capsys.readouterr().out


def test_all_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor("--list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(RULES)
    assert lines[-1].endswith("A workflow file that GitHub can't read, or that isn't one.")


def test_a_rule_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor("--explain", "fail-fast") == 0
    assert capsys.readouterr().out == documentation_of("fail-fast") + "\n"


def test_an_unknown_rule_is_wrong_usage() -> None:
    with pytest.raises(UsageError) as caught:
        doctor("--explain", "nonsense")
    assert (caught.value.fact, caught.value.exit_code) == ("no rule 'nonsense'", 2)


def test_no_directory_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such directory"):
        doctor(str(tmp_path / "none"))


def test_a_pytest_ini_is_one_even_if_it_is_empty(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("")
    assert doctor(str(tmp_path)) == 0


def test_nothing_to_read_can_not_be_judged(tmp_path: Path) -> None:
    (tmp_path / "tox.ini").write_text("[testenv]\n")
    with pytest.raises(CiToolsError, match="neither a workflow nor a configuration of pytest") as caught:
        doctor(str(tmp_path))
    assert caught.value.exit_code == 3


def test_names_can_not_write_outside_of_their_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = r'"te\nst\e[2J‮"'
    write(tmp_path, WORKFLOW.replace("  test:", f"  {evil}:"))
    doctor(str(tmp_path))
    out = capsys.readouterr().out
    assert r"`te\x0ast\x1b[2J\x202e`" in out and all(line.isprintable() for line in out.split("\n"))


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (b"\xff\xfe", "not UTF-8 text (byte 0)"),
        (b"#" * 600_000, "600 kB, the limit is 500 kB"),
        (b"", "no workflow: it has no `jobs`"),
    ],
)
def test_a_file_that_can_not_be_read_is_a_finding(
    content: bytes, fact: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "")
    (tmp_path / PATH).write_bytes(content)
    assert doctor(str(tmp_path)) == 1
    assert capsys.readouterr().out.startswith(f"{PATH}:1: error: {fact} [yaml]\n")


@pytest.mark.parametrize("name", ["pyproject.toml", "tox.ini", "setup.cfg", ".coveragerc", "pytest.ini"])
def test_a_broken_configuration_is_pytest_s_to_complain_of(name: str, tmp_path: Path) -> None:
    write(tmp_path, WORKFLOW)
    (tmp_path / name).write_bytes(b"[[[\xff")
    assert doctor(str(tmp_path)) == 1


def test_files_outside_of_the_repository_are_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "root"
    write(root, WORKFLOW.replace("uv run", "./../out.sh; uv run"))
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -x\n")
    doctor(str(root))
    assert "pytest.ini" not in capsys.readouterr().out
