"""The action's inputs: what they mean, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ci_tools.cli.inputs import MODES, Inputs, load, read_inputs, save
from ci_tools.github import comment
from ci_tools.model.errors import UsageError

ONE_AXIS = {"XDIST_CI_JOB_INDEX": "1", "XDIST_CI_JOB_TOTAL": "8", "XDIST_CI_MATRIX": '{"shard": "2/8"}'}


def inputs(around: dict[str, str] | None = None, **given: str) -> Inputs:
    environ = {f"XDIST_CI_INPUT_{name.upper()}": value for name, value in given.items()}
    return read_inputs({**environ, **(around or {})}, directory=Path("/tmp/use-1"))


def refusal(around: dict[str, str] | None = None, **given: str) -> tuple[str, str]:
    with pytest.raises(UsageError) as refused:
        inputs(around, **given)
    return refused.value.fact, refused.value.hint


def test_nothing_said_is_this_jobs_place_in_a_matrix_of_shards() -> None:
    found = inputs(ONE_AXIS)
    assert (found.command, found.shard, found.shards, found.key, found.attempt) == ("run", 2, 8, "tests", 1)
    assert (found.bundle, found.directory) == ("shard-2-of-8-attempt-1", "/tmp/use-1")


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"shard": "2/8"}, (2, 8)),
        ({"shard": "2", "shards": "8"}, (2, 8)),
        ({"shard": "2/8", "shards": "8"}, (2, 8)),
        ({"shard": " 2/8 "}, (2, 8)),
        ({"shard": "1/1"}, (1, 1)),
        ({"shard": "256/256"}, (256, 256)),
    ],
)
def test_a_shard_that_is_said(given: dict[str, str], place: tuple[int, int]) -> None:
    found = inputs(**given)
    assert (found.shard, found.shards) == place


def test_a_shard_without_its_total_gets_it_from_the_matrix() -> None:
    found = inputs(ONE_AXIS, shard="3")
    assert (found.shard, found.shards) == (3, 8)


@pytest.mark.parametrize(
    ("matrix", "found"),
    [
        ('{"shard": "2/8", "python": "3.12"}', "shard, python"),
        ('{"python": "3.12"}', "python"),
        ("null", "none"),
        ("{}", "none"),
        ("", "none"),
        ('["shard"]', "none"),
    ],
)
def test_a_matrix_with_other_axes_does_not_say_the_shard(matrix: str, found: str) -> None:
    fact, hint = refusal({**ONE_AXIS, "XDIST_CI_MATRIX": matrix})
    assert fact == f"which shard is this? only an axis `shard` says it by itself; the matrix has: {found}"
    assert hint == "say shard: 2/8, from the matrix; the first shard is 1"


@pytest.mark.parametrize("matrix", ["null", "{}", ""])
def test_a_job_without_a_matrix_is_the_only_shard(matrix: str) -> None:
    found = inputs({"XDIST_CI_MATRIX": matrix, "XDIST_CI_JOB_INDEX": "0", "XDIST_CI_JOB_TOTAL": "1"})
    assert (found.shard, found.shards) == (1, 1)


def test_a_leg_of_another_matrix_is_not_the_only_shard() -> None:
    around = {"XDIST_CI_MATRIX": '{"python": "3.12"}', "XDIST_CI_JOB_INDEX": "0", "XDIST_CI_JOB_TOTAL": "1"}
    assert refusal(around)[0].endswith("the matrix has: python")


def test_a_runner_that_does_not_know_the_jobs_place_is_not_shard_one_of_one() -> None:
    fact, _ = refusal({"XDIST_CI_MATRIX": '{"shard": 1}', "XDIST_CI_JOB_INDEX": "", "XDIST_CI_JOB_TOTAL": ""})
    assert fact == "which shard is this? the runner doesn't say the job's place in the matrix"


@pytest.mark.parametrize(
    ("given", "fact"),
    [
        ({"shard": "0/8"}, "input shard is '0'"),
        ({"shard": "9/8"}, "there is no shard 9 of 8"),
        ({"shard": "/8"}, "there is no shard ? of 8"),
        ({"shard": "2/257"}, "input shard is '257'"),
        ({"shard": "two/8"}, "input shard is 'two'"),
        ({"shard": "2/8", "shards": "4"}, "input shard is 2/8, input shards 4"),
        ({"command": "plan"}, "input shards is empty"),
        ({"command": "plan", "shards": "257"}, "input shards is '257'"),
        ({"shard": "1/2", "paths": "tests --out=x"}, "input paths is 'tests --out=x'"),
        ({"shard": "1/2", "paths": "tests/'a"}, "input paths: no closing quotation"),
        ({"command": "sing"}, "input command is 'sing'"),
        ({"shard": "1/2", "key": "py/3"}, "input key is 'py/3'"),
        ({"shard": "1/2", "key": "a--b"}, "input key is 'a--b'"),
        ({"shard": "1/2", "key": "py*"}, "input key is 'py*'"),
        ({"shard": "1/2", "key": "-"}, "input key is '-'"),
        ({"shard": "1/2", "key": "a-"}, "input key is 'a-'"),
        ({"shard": "1/2", "key": "x" * 65}, f"input key is '{'x' * 65}'"),
        ({"shard": "1/2", "workers": "many"}, "input workers is 'many'"),
        ({"shard": "1/2", "reruns": "-1"}, "input reruns is '-1'"),
        ({"shard": "1/2", "deadline_minutes": "soon"}, "input deadline-minutes is 'soon'"),
        ({"command": "merge", "fail_on": "some"}, "input fail-on is 'some'"),
        ({"command": "merge", "comment": "maybe"}, "input comment is 'maybe'"),
        ({"command": "plan", "shards": "auto", "max_usd": "$1"}, "input max-usd is '$1'"),
    ],
)
def test_what_can_not_be_right_is_refused(given: dict[str, str], fact: str) -> None:
    found, hint = refusal(**given)
    assert found == fact
    assert hint


def test_shards_that_contradict_the_matrix_are_refused() -> None:
    assert refusal(ONE_AXIS, shards="4") == ("input shards is 4, the matrix has 8 jobs", "leave shards out")


def test_auto_is_for_the_plan_alone() -> None:
    assert inputs(command="plan", shards="auto").auto_shards
    assert refusal(shard="1/2", shards="auto")[0] == "input shards is 'auto'"


@pytest.mark.parametrize(("attempt", "number"), [("3", 3), ("", 1), ("0", 1), ("x", 1), ("10000", 1)])
def test_the_attempt_is_the_runs(attempt: str, number: int) -> None:
    assert inputs({"GITHUB_RUN_ATTEMPT": attempt}, shard="1/2").attempt == number


def test_a_plan_is_an_artifact_or_a_path() -> None:
    assert inputs(shard="1/2", plan="1234").plan_is_artifact
    assert not inputs(shard="1/2", plan="plans/plan.json").plan_is_artifact


def test_no_key_is_the_beginning_of_another_ones_artifacts() -> None:
    keys = ["py3", "py3-linux", "py3-shard", "py3-shard-1"]
    names = [f"{inputs(shard='1/2', key=key).artifact}shard-" for key in keys]
    assert [n for n in names for m in names if n != m and m.startswith(n)] == []


def test_the_next_step_reads_what_the_first_one_saved(tmp_path: Path) -> None:
    found = inputs(shard="1/2", args="-k 'a or b'", pytest="make\ntest")
    save(found, tmp_path / "inputs.json")
    assert load(tmp_path / "inputs.json") == found


@pytest.mark.parametrize("text", ["{}", "[]", '{"command": "run"}'])
def test_something_else_in_its_place_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "inputs.json").write_text(text)
    with pytest.raises(UsageError, match="not the inputs of this action"):
        load(tmp_path / "inputs.json")


def test_out_has_no_dots_that_the_upload_would_refuse() -> None:
    assert ".." not in inputs(shard="1/2", out="../elsewhere").results.parts


def test_hostile_inputs_stay_data(tmp_path: Path) -> None:
    found = inputs(shard="1/2", args="$(touch pwned); `id` %0A::error::x")
    save(found, tmp_path / "inputs.json")
    assert json.loads((tmp_path / "inputs.json").read_text())["args"] == "$(touch pwned); `id` %0A::error::x"


def test_the_inputs_choices_are_those_of_the_comment() -> None:
    assert MODES == comment.MODES
