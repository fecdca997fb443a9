"""`ci-tools plan --shards auto` and what it learns from the last run; the cost that a merge writes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from bundles import attempt, bundle, plan_of_files
from samples import COST

from ci_tools.cli.main import main
from ci_tools.cli.plan import choices_for
from ci_tools.formats import cost_json, plan_json
from ci_tools.merge.judge import merge
from ci_tools.model.cost import RunCost
from ci_tools.model.plan import Plan

DURATIONS_S = {f"test_{index:02}.py::test": 60.0 for index in range(40)}


@pytest.fixture(autouse=True)
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty files of a minute each, what the last run cost, and nothing else."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".test_durations").write_text(json.dumps(DURATIONS_S))
    jobs = tuple(replace(COST, shard=shard, setup_s=41.0, collection_s=1.0, command_s=109.5) for shard in (1, 2, 3))
    (tmp_path / "cost.json").write_text(cost_json.dumps(RunCost(jobs=jobs)))
    return tmp_path


def planned(*words: str) -> Plan:
    assert main(["plan", "--from-durations", *words]) == 0
    return plan_json.loads(Path("plan.json").read_text(), source="plan.json")


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.removeprefix("ci-tools: ") for line in capsys.readouterr().err.splitlines()]


ASSUMED = "(1m 00s of set-up assumed)"
LEARNED = ["cost.json: what 3 jobs cost", ".test_durations: recorded times of 40 tests"]


@pytest.mark.parametrize(
    ("words", "shards", "why"),
    [
        (
            ("--target-minutes", "4"),
            4,
            f"4 shards: 4m 00s, 16 billed minutes for the target of 4m 00s; 3 would be 1m 00s over it {ASSUMED}",
        ),
        (
            ("--max-usd", "0.1", "--price-per-minute", "0.006"),
            5,
            f"5 shards: 3m 00s, 15 billed minutes, $0.09, of at most $0.10 {ASSUMED}",
        ),
        (
            (),
            10,
            f"10 shards: 2m 00s, 20 billed minutes: more would be no faster {ASSUMED}",
        ),
    ],
)
def test_auto_chooses_and_says_why(
    words: tuple[str, ...], shards: int, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = planned("--shards", "auto", *words)
    assert (len(plan.shards), plan.workers) == (shards, 4)
    assert said(capsys) == [LEARNED[1], why, "wrote plan.json"]


def test_a_guess_buys_no_more_than_eight_shards(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (suite / ".test_durations").unlink()
    for nodeid in DURATIONS_S:
        (suite / nodeid.partition("::")[0]).write_text("def test(): ...\n")
    assert main(["plan", "--shards", "auto", "--max-usd", "5", "--price-per-minute", "0.006"]) == 0
    assert len(plan_json.loads(Path("plan.json").read_text(), source="plan.json").shards) == 8
    assert "that is guessed, as no test has a recorded time: 8 shards until one has" in said(capsys)


def test_workers_set_up_and_price_are_those_of_the_last_run(capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned("--shards", "auto", "--max-usd", "0.2", "--last-cost", "cost.json")
    assert (len(plan.shards), plan.workers) == (11, 2)
    why = "11 shards: 2m 42s, 33 billed minutes, $0.20, of at most $0.20"
    assert said(capsys) == [*LEARNED, why, "wrote plan.json"]


def test_what_is_said_outweighs_the_last_run() -> None:
    plan = planned("--shards", "3", "--workers", "5", "--last-cost", "cost.json")
    assert (len(plan.shards), plan.workers) == (3, 5)


def test_a_given_number_of_shards_is_forecast_where_there_is_something_to_tell(
    capsys: pytest.CaptureFixture[str],
) -> None:
    planned("--shards", "3", "--last-cost", "cost.json")
    assert said(capsys)[2] == "3 shards: 7m 42s, 24 billed minutes, $0.14"
    planned("--shards", "3")
    assert said(capsys) == [LEARNED[1], "wrote plan.json"]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        (None, "no such file: last.json"),
        ("{}", "last.json: found nothing, wanted 'xdist-ci/cost'"),
        (cost_json.dumps(COST), "last.json: 'kind' is 'shard', wanted 'run'"),
    ],
)
def test_a_last_cost_that_cannot_be_read_is_said_and_left(
    text: str | None, fact: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        Path("last.json").write_text(text)
    assert planned("--shards", "2", "--last-cost", "last.json").workers == 4
    assert said(capsys)[0] == f"nothing is known of the last run: {fact}"


@pytest.mark.parametrize(
    ("words", "fact", "hint"),
    [
        (
            ("--shards", "auto", "--max-usd", "1"),
            "--max-usd: the price of a minute is unknown",
            "add --price-per-minute USD, or --last-cost with the cost.json of a run that has a price",
        ),
        (("--shards", "3", "--max-usd", "1"), "--max-usd chooses the number of shards", "say --shards auto"),
        (
            ("--shards", "3", "--target-minutes", "1"),
            "--target-minutes chooses the number of shards",
            "say --shards auto",
        ),
        (
            ("--shards", "auto", "--algorithm", "least_duration"),
            "--shards auto is for lpt",
            "name the number of shards, or leave --algorithm out",
        ),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(
    words: tuple[str, ...], fact: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "--from-durations", *words]) == 2
    assert said(capsys)[-2:] == [f"error: {fact}", f"hint: {hint}"]


@pytest.mark.parametrize(
    "words", [("--shards", "0"), ("--shards", "257"), ("--shards", "Auto"), ("--shards", "auto", "--max-usd", "-1")]
)
def test_other_values_are_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["plan", *words])
    assert exit_.value.code == 2


def test_the_choices_are_made_from_what_the_run_measured() -> None:
    files = [f"test_{index:02}.py" for index in range(40)]
    plan = plan_of_files(files[:20], files[20:])
    bundles = [
        bundle(plan, shard, [attempt(f"{file}::test", seconds=(0.0, 60.0, 0.0)) for file in own])
        for shard, own in ((1, files[:20]), (2, files[20:]))
    ]
    cost = RunCost(
        jobs=tuple(
            replace(COST, shard=shard, shards=2, setup_s=60.0, collection_s=0.0, command_s=108.5) for shard in (1, 2)
        )
    )
    choices = choices_for(merge(bundles, plan), cost)
    assert [(choice.shards, choice.wall_s, choice.billed_minutes) for choice in choices] == [
        (2, 660.0, 22),
        (4, 360.0, 24),
    ]
