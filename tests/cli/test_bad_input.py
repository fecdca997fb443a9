"""Every wrong input has its message, its hint and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ci_tools.cli.main import main
from ci_tools.formats import plan_json
from ci_tools.model.plan import Atom, Plan, Shard

PLAN = Plan(workers=2, shards=(Shard(index=1, expected_ms=1000, atoms=(Atom(file="test_a.py", expected_ms=1000),)),))


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_a.py").write_text("def test_a(): pass\n")
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Return exit code and stderr; nothing may be on stdout."""
    try:
        code = main(list(words))
    except SystemExit as exit_:  # argparse
        code = int(exit_.code or 0)
    out, err = capsys.readouterr()
    assert out == ""
    return code, err


def usage_error(err: str) -> str:
    """Return argparse's last line."""
    return err.splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            '{"test_a.py::test_a": NaN, "b": 1}',
            "d.json: 1 of 2 values are not finite seconds ≥ 0, first: 'test_a.py::test_a' is nan",
            "remove these entries, or record the file anew",
        ),
        (
            '{"a": -0.5}',
            "d.json: 1 of 1 values are not finite seconds ≥ 0, first: 'a' is -0.5",
            "remove these entries, or record the file anew",
        ),
        (
            '{"a": "1.5", "b": "2"}',
            "d.json: 2 of 2 values are not finite seconds ≥ 0, first: 'a' is '1.5'",
            "remove these entries, or record the file anew",
        ),
        (
            '{"a": Infinity}',
            "d.json: 1 of 1 values are not finite seconds ≥ 0, first: 'a' is inf",
            "remove these entries, or record the file anew",
        ),
        (
            "nonsense",
            "d.json: not JSON: Expecting value: line 1 column 1 (char 0)",
            "wanted pytest-split's format; leave --durations out to plan by the number of tests",
        ),
        (
            "42",
            "d.json: found 42, wanted an object of node ids and seconds",
            "wanted pytest-split's format; leave --durations out to plan by the number of tests",
        ),
        (
            '[["a", 1], ["b"]]',
            "d.json: entry 1 is ['b'], wanted [node id, seconds]",
            "wanted pytest-split's format; leave --durations out to plan by the number of tests",
        ),
        (
            "[" * 100_000,
            "d.json: nested too deeply",
            "wanted pytest-split's format; leave --durations out to plan by the number of tests",
        ),
    ],
)
def test_durations_that_are_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, message: str, hint: str
) -> None:
    (tmp_path / "d.json").write_text(text)
    code, err = refused(capsys, "plan", "--shards", "2", "--durations", "d.json")
    assert (code, err) == (3, f"ci-tools: error: {message}\nci-tools: hint: {hint}\n")
    assert not (tmp_path / "plan.json").exists()


def test_durations_of_200_megabytes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with (tmp_path / "d.json").open("wb") as file:
        file.truncate(200_000_000)
    code, err = refused(capsys, "plan", "--shards", "2", "--durations", "d.json")
    assert (code, err) == (
        3,
        "ci-tools: error: d.json: 200 MB, the limit is 100 MB\nci-tools: hint: check that this is the file you mean\n",
    )


def test_durations_that_are_not_text(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "d.json").write_bytes(b'{"a\xff": 1}')
    code, err = refused(capsys, "plan", "--shards", "2", "--durations", "d.json")
    assert (code, err) == (
        3,
        "ci-tools: error: d.json: not UTF-8 text (byte 3)\nci-tools: hint: check that this is the file you mean\n",
    )


def test_durations_that_are_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    code, err = refused(capsys, "plan", "--shards", "2", "--durations", "gone.json")
    assert (code, err) == (
        3,
        (
            "ci-tools: error: no such file: gone.json\n"
            "ci-tools: hint: leave --durations out to plan by the number of tests\n"
        ),
    )


def test_both_forms_of_pytest_splits_file_are_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plans = []
    for text in ('{"test_a.py::test_a": 2.5}', '[["test_a.py::test_a", 2.5]]'):
        (tmp_path / "d.json").write_text(text)
        assert main(["plan", "--shards", "1", "--durations", "d.json"]) == 0
        plans.append((tmp_path / "plan.json").read_text())
    assert plans[0] == plans[1]
    assert plan_json.loads(plans[0], source="").shards[0].expected_ms == 2500


@pytest.mark.parametrize("shards", ["0", "-1", "257", "many", ""])
def test_a_number_of_shards_that_cannot_be(capsys: pytest.CaptureFixture[str], shards: str) -> None:
    code, err = refused(capsys, "plan", f"--shards={shards}")
    assert code == 2
    message = f"argument --shards: '{shards}' is no number of shards: wanted 1 to 256"
    assert usage_error(err) == f"ci-tools plan: error: {message}"


def test_a_directory_without_tests(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, err = refused(capsys, "plan", "--shards", "2", "empty")
    assert (code, err) == (
        3,
        (
            "no .test_durations: planning by the number of tests\n"
            "ci-tools: error: no test file found\n"
            f"ci-tools: hint: looked below {tmp_path / 'empty'} for test_*.py, *_test.py\n"
        ),
    )


def test_a_path_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    code, err = refused(capsys, "plan", "--shards", "2", "tset")
    assert code == 3
    assert err.splitlines()[1:] == [
        "ci-tools: error: no such file or directory: tset",
        "ci-tools: hint: paths are relative to the current directory",
    ]


@pytest.mark.parametrize(
    ("shard", "message"),
    [
        ("9/8", "there is no shard 9 of 8: the first is 1/8"),
        ("0/8", "there is no shard 0 of 8: the first is 1/8"),
        ("0/0", "there is no shard 0 of 0: the first is 1/1"),
        ("1/999", "999 shards are too many: at most 256"),
        ("3", "'3' is no shard: wanted one like 2/8"),
        ("-1/8", "'-1/8' is no shard: wanted one like 2/8"),
        ("a/b", "'a/b' is no shard: wanted one like 2/8"),
    ],
)
def test_a_shard_that_cannot_be(capsys: pytest.CaptureFixture[str], shard: str, message: str) -> None:
    code, err = refused(capsys, "run", f"--shard={shard}")
    assert code == 2
    assert usage_error(err) == f"ci-tools run: error: argument --shard: {message}"


def test_a_plan_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    code, err = refused(capsys, "run", "--shard", "1/1", "--plan", "other.json")
    assert (code, err) == (
        3,
        "ci-tools: error: no such file: other.json\nci-tools: hint: make one with `ci-tools plan --shards N`\n",
    )


def test_a_plan_of_another_number_of_shards(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(plan_json.dumps(PLAN))
    code, err = refused(capsys, "run", "--shard", "2/8")
    assert (code, err) == (
        2,
        "ci-tools: error: plan.json has 1 shard, --shard says 2/8\nci-tools: hint: make the plan with --shards 8\n",
    )
    assert not (tmp_path / "bundles").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "xdist-ci/report"}, "plan.json: found 'xdist-ci/report', wanted 'xdist-ci/plan'"),
        ({"format": None}, "plan.json: found nothing, wanted 'xdist-ci/plan'"),
        ({"version": 2}, "plan.json: xdist-ci/plan version 2, this ci-tools reads 1"),
        ({"workers": 0}, "plan.json: 'workers' is 0, wanted an integer ≥ 1"),
        ({"workers": 3}, f"plan.json: its content doesn't match its digest '{PLAN.digest[:12]}'"),
        ({"shards": {}}, "plan.json: 'shards' is {}, wanted a list of objects"),
        ({"shards": []}, "plan.json: shards aren't numbered 1, 2, 3, …"),
    ],
)
def test_a_plan_that_is_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, change: dict[str, object], message: str
) -> None:
    document = json.loads(plan_json.dumps(PLAN)) | change
    (tmp_path / "plan.json").write_text(json.dumps(document))
    code, err = refused(capsys, "run", "--shard", "1/1")
    assert (code, err.splitlines()[0]) == (3, f"ci-tools: error: {message}")
    assert not (tmp_path / "bundles").exists()


def test_nothing_to_merge(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert refused(capsys, "merge", "gone") == (
        3,
        "ci-tools: error: no such directory: gone\nci-tools: hint: name the --out of `ci-tools run`\n",
    )
    (tmp_path / "empty").mkdir()
    hint = "ci-tools: hint: a bundle is what `ci-tools run` leaves in its --out\n"
    assert refused(capsys, "merge", "empty") == (
        3,
        f"ci-tools: error: neither a bundle nor a JUnit file in empty\n{hint}",
    )
    (tmp_path / "empty" / "junit.xml").write_text("<testsuite/>")
    assert refused(capsys, "merge", "empty", "--no-junit") == (
        3,
        f"ci-tools: error: no bundle in empty\n{hint}",
    )


def test_local_does_not_clear_a_directory_that_is_not_its_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "bundles").mkdir()
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("")
    code, err = refused(capsys, "local", "--shards", "2", "--out", "precious")
    assert code == 2
    assert err.splitlines()[1:] == [
        "ci-tools: error: precious: not empty, and not of an earlier local run",
        "ci-tools: hint: choose another --out",
    ]
    assert (tmp_path / "precious" / "file").exists()


def test_a_command_where_none_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    code, err = refused(capsys, "merge", "x", "--", "pytest")
    assert (code, usage_error(err)) == (2, "ci-tools merge: error: unexpected arguments: -- pytest")


def test_an_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    code, err = refused(capsys, "merg")
    assert code == 2
    assert usage_error(err).startswith("ci-tools: error: argument COMMAND: invalid choice: 'merg'")


def test_a_bug_keeps_its_traceback(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise AssertionError("not so")

    monkeypatch.setattr("ci_tools.cli.plan.make_plan", broken)
    code, err = refused(capsys, "plan", "--shards", "2")
    assert code == 4
    assert "AssertionError: not so" in err
    assert err.endswith("ci-tools: error: this is a bug in ci-tools: please report it with the lines above\n")
