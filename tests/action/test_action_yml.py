"""action.yml, the commands' options, the README and the workflows say the same."""

from __future__ import annotations

import argparse
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from ci_tools.cli.inputs import PREFIX, Inputs

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
README = (ROOT / "README.md").read_text()

# Inputs that are no option: which command it is, what only other actions need, and what must not be in argv.
NO_OPTION = {"command", "github-token", "retention-days"}
# Where a command says it otherwise, or the action alone needs it.
OTHERWISE = {
    ("run", "shards"): "within --shard I/N",
    ("merge", "comment"): "`ci-tools comment`, called apart",
    ("plan", "key"): "in an artifact's name",
    ("merge", "working-directory"): "in the annotations' paths",
}


def options(command: str) -> set[str]:
    parser = argparse.ArgumentParser()
    import_module(f"ci_tools.cli.{command}").configure(parser)
    return {word for action in parser._actions for word in action.option_strings}


def rows(heading: str) -> dict[str, list[str]]:
    """Return the README's table below a heading: name → its other cells."""
    table = README.split(heading, 1)[1].split("\n\n", 1)[0]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]
    return {name: row[1:] for row in cells for name in re.findall(r"`([\w-]+)`", row[0])}


INPUTS, OUTPUTS = rows("| input of `org/xdist-ci@v1` "), rows("| output | of | |")


def test_every_input_has_a_row_in_the_readme() -> None:
    assert list(INPUTS) == list(ACTION["inputs"])


def test_every_output_has_a_row_in_the_readme() -> None:
    assert OUTPUTS.keys() == ACTION["outputs"].keys()


@pytest.mark.parametrize("name", sorted(ACTION["inputs"].keys() - NO_OPTION))
def test_every_input_is_an_option_of_its_commands(name: str) -> None:
    commands = INPUTS[name][0].replace("all", "plan, run, merge").split(", ")
    if name == "paths":
        assert INPUTS[name][1] == "`ci-tools plan PATH…`"
        return
    told = re.search(r"`(--[\w-]+)", INPUTS[name][1])
    assert told is not None and told[1] == f"--{name}"
    lacking = [c for c in commands if told[1] not in options(c) and (c, name) not in OTHERWISE]
    assert lacking == []


def test_the_first_step_passes_every_input_on_and_no_other_step_any() -> None:
    begin, *others = (step for step in ACTION["runs"]["steps"] if "run" in step)
    passed = {name: value for name, value in begin["env"].items() if name.startswith(PREFIX)}
    wanted = ACTION["inputs"].keys() - {"github-token", "retention-days"}
    assert passed == {f"{PREFIX}{name.replace('-', '_').upper()}": f"${{{{ inputs.{name} }}}}" for name in wanted}
    for step in others:
        assert step["env"].keys() <= {"XDIST_CI_INPUTS", "XDIST_CI_DOWNLOADED", "GITHUB_TOKEN"}


def test_only_the_step_that_comments_has_a_token() -> None:
    having = [step["id"] for step in ACTION["runs"]["steps"] if "GITHUB_TOKEN" in step.get("env", {})]
    assert having == ["comment"]
    assert "token" not in str([step.get("with") for step in ACTION["runs"]["steps"]])


def test_every_run_step_is_one_call_of_ci_tools() -> None:
    for step in ACTION["runs"]["steps"]:
        if "run" in step:
            assert re.fullmatch(r'(exec )?python3 -I "\$GITHUB_ACTION_PATH/action/ci-tools" action \w+', step["run"])


def test_every_field_of_inputs_is_an_input_or_follows_from_them() -> None:
    derived = {"auto_shards", "attempt", "directory"}
    given = {name.replace("-", "_") for name in ACTION["inputs"]} - {"github_token", "retention_days"}
    assert set(Inputs.__dataclass_fields__) == given | derived


def test_every_input_says_whose_it_is() -> None:
    """The description, as marketplace and editors show it, names the same commands as the README."""
    for name, given in ACTION["inputs"].items():
        commands = INPUTS[name][0]
        if name != "command" and commands != "all":
            assert given["description"].startswith(f"{commands.partition(',')[0]}"), name


def steps_of(workflow: dict[Any, Any]) -> dict[str, list[str]]:
    """Return job → what its steps use or run, in order."""
    return {
        name: [step.get("uses") or step.get("name", "") for step in job["steps"]]
        for name, job in workflow["jobs"].items()
    }


def test_the_reusable_workflow_is_the_starter_with_inputs() -> None:
    starter = yaml.safe_load((ROOT / "workflows/sharded.yml").read_text())
    reusable = yaml.safe_load((ROOT / ".github/workflows/pytest.yml").read_text())
    assert steps_of(reusable) == steps_of(starter)
    for name, job in starter["jobs"].items():
        for key in ("permissions", "needs", "if", "strategy"):
            assert reusable["jobs"][name].get(key) == job.get(key), (name, key)


def test_the_reusable_workflow_uses_each_of_its_inputs() -> None:
    text = (ROOT / ".github/workflows/pytest.yml").read_text()
    workflow = yaml.safe_load(text)
    declared = set(workflow[True]["workflow_call"]["inputs"])  # YAML 1.1 reads `on` as true
    assert set(re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", text)) == declared


def test_the_readmes_five_lines_are_the_reusable_workflows() -> None:
    (example,) = re.findall(r"```yaml\n(jobs:\n.*?)```", README, re.S)
    call = yaml.safe_load(example)["jobs"]["tests"]
    workflow = yaml.safe_load((ROOT / ".github/workflows/pytest.yml").read_text())
    assert call["uses"] == "org/xdist-ci/.github/workflows/pytest.yml@v1"
    assert call["with"].keys() <= workflow[True]["workflow_call"]["inputs"].keys()
    needed = {scope: level for job in workflow["jobs"].values() for scope, level in job["permissions"].items()}
    assert call["permissions"] == needed


def test_only_our_own_directories_are_uploaded() -> None:
    """Each path is an output of a step of ours; tests/runner sees that they lie below RUNNER_TEMP."""
    uploads = [step["with"] for step in ACTION["runs"]["steps"] if "upload-artifact" in step.get("uses", "")]
    assert len(uploads) == 4
    assert all(re.fullmatch(r"\$\{\{ steps\.\w+\.outputs\.[\w-]+ \}\}", upload["path"]) for upload in uploads)


def test_what_runs_with_a_token_has_owners_and_updates() -> None:
    owned = re.findall(r"^(/\S+) +@", (ROOT / ".github/CODEOWNERS").read_text(), re.M)
    assert owned == ["/.github/", "/action.yml", "/action/", "/workflows/"]
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    assert {update["package-ecosystem"] for update in updates} == {"github-actions", "pip"}
    assert all(update["cooldown"]["default-days"] >= 7 for update in updates)
