"""`ci-tools action`: the steps of action.yml, each of them one of the ordinary commands.

The step that runs the tests has the standard library alone: what needs more is imported where it is used.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shlex
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from ci_tools.cli.inputs import Inputs, load, read_inputs, save
from ci_tools.cli.main import main
from ci_tools.cli.options import HISTORY, QUARANTINE
from ci_tools.cli.places import places, recorded
from ci_tools.cli.talk import say
from ci_tools.formats import durations_json, plan_json
from ci_tools.github.outputs import append_summary, write_outputs
from ci_tools.model.bundle import parse_bundle_name
from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.model.plan import Plan
from ci_tools.model.words import count
from ci_tools.store.files import read_text, write_text

EXAMPLES = """\
examples:
  ci-tools action begin   read the inputs from XDIST_CI_INPUT_…
  ci-tools action merge   the next step: what `begin` wrote is named by XDIST_CI_INPUTS

action.yml calls it, nobody else needs to.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's one argument."""
    parser.epilog = EXAMPLES
    parser.add_argument("stage", choices=STAGES, help="the step of action.yml")


def run(args: argparse.Namespace) -> int:
    """Run one step; its outputs go to GITHUB_OUTPUT, its summary to GITHUB_STEP_SUMMARY."""
    return STAGES[args.stage]()


def _begin() -> int:
    """Check the inputs and say where this use of the action keeps what."""
    inputs = read_inputs(os.environ, directory=_temporary() / f"use-{secrets.token_hex(6)}")
    for path in (inputs.own / "plans", inputs.own / "bundles", inputs.results):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}", hint="the input out names a directory, or nothing") from None
    save(inputs, inputs.own / "inputs.json")
    write_outputs(places(inputs, _temporary()))
    return 0


def _temporary() -> Path:
    """Return where all uses of the action in this job keep what they have; GitHub empties it after the job."""
    return Path(_needed("RUNNER_TEMP")) / "xdist-ci"


def _plan() -> int:
    """Plan, or take over the plan of an earlier attempt."""
    inputs = _inputs()
    directory = inputs.own / "plan"
    path = directory / inputs.plan_name / "plan.json"
    earlier = _earlier_plan(inputs)
    if earlier is not None:
        say(f"the plan of an earlier attempt stays: {earlier}")
        write_text(path, read_text(earlier))
        code = 0
    else:
        code = main(["plan", *_planning(inputs), "--out", str(path), *shlex.split(inputs.paths)])
    if code:
        return code
    if quarantine := _committed_quarantine(inputs):  # the job that merges need not check the repository out
        shutil.copyfile(quarantine, path.with_name(quarantine.name))
    plan = plan_json.loads(read_text(path), source=str(path))
    shards = [f"{shard.index}/{len(plan.shards)}" for shard in plan.shards]
    write_outputs(
        {
            "matrix": json.dumps({"shard": shards}),
            "shards": str(len(shards)),
            "digest": plan.digest,
            "directory": str(directory),
        }
    )
    if inputs.command == "plan":
        _summarize_plan(plan)
    return 0


def _committed_quarantine(inputs: Inputs) -> Path | None:
    """Return the repository's file, if it is one: a link might lead to a secret, and the plan's artifact is public."""
    path = Path(inputs.working_directory) / QUARANTINE
    return path if path.is_file() and not path.is_symlink() else None


def _earlier_plan(inputs: Inputs) -> Path | None:
    """Return the first attempt's plan, if it was downloaded, is whole, and has as many shards as are asked for."""
    if inputs.command != "plan":
        return None
    for attempt in range(1, inputs.attempt):
        path = inputs.own / "plans" / f"plan-attempt-{attempt}" / "plan.json"
        if not path.exists():
            continue
        try:
            plan = plan_json.loads(read_text(path), source=str(path))
        except CiToolsError as error:
            say(f"an earlier plan can't be used: {error.fact}")
            continue
        if inputs.auto_shards or len(plan.shards) == inputs.shards:
            return path
    return None


def _planning(inputs: Inputs) -> list[str]:
    """Return the options of `ci-tools plan`."""
    words = [
        "--working-directory",
        inputs.working_directory,
        "--shards",
        "auto" if inputs.auto_shards else str(inputs.shards),
    ]
    for option, value in (
        ("--workers", inputs.workers if inputs.workers != "auto" else ""),
        ("--target-minutes", inputs.target_minutes),
        ("--max-usd", inputs.max_usd),
        ("--price-per-minute", inputs.price_per_minute),
    ):
        words += [option, value] if value else []
    durations, cost = _recorded(inputs)
    words += ["--durations", durations] if durations else []
    words += ["--last-cost", cost] if cost else []
    return words


def _recorded(inputs: Inputs) -> tuple[str, str]:
    """Return the files with recorded times and with the last run's cost: cached, else committed, else none.

    A shard that plans for itself never reads a cache: its siblings may have found another one.
    """
    cache = recorded(inputs, _temporary())
    if inputs.command == "plan" and (cache / ".test_durations").is_file():
        try:
            durations_json.loads(read_text(cache / ".test_durations"), source="the cached times")
        except CiToolsError as error:
            say(f"the cache is not used: {error.fact}")
        else:
            cost = cache / "cost.json"
            return str(cache / ".test_durations"), str(cost) if cost.is_file() else ""
    return inputs.durations, ""


def _summarize_plan(plan: Plan) -> None:
    from ci_tools.report.inert import fence
    from ci_tools.report.terminal import certificate_text

    append_summary(f"### Plan: {count(len(plan.shards), 'shard')}\n\n{fence(certificate_text(plan))}\n")


def _run() -> int:
    """Run this job's shard."""
    inputs = _inputs()
    os.environ.pop("XDIST_CI_INPUTS")  # the tests' environment is the user's
    path = _plan_path(inputs)
    plan = plan_json.loads(read_text(path), source=str(path))
    bundles = inputs.results / "bundles"
    write_outputs({"digest": plan.digest, "report": str(bundles / inputs.bundle)})
    words = ["--shard", f"{inputs.shard}/{inputs.shards}", "--plan", str(path), "--out", str(bundles)]
    words += ["--key", inputs.key, "--attempt", str(inputs.attempt), "--working-directory", inputs.working_directory]
    for option, value in (
        ("--workers", inputs.workers),
        ("--reruns", inputs.reruns),
        ("--deadline-minutes", inputs.deadline_minutes),
        ("--price-per-minute", inputs.price_per_minute),
    ):
        words += [option, value] if value else []
    # With `=`: the values may begin with a dash.
    words += [f"--pytest={inputs.pytest}"] if inputs.pytest else []
    words += [f"--args={inputs.args}"] if inputs.args else []
    return main(["run", *words])


def _plan_path(inputs: Inputs) -> Path:
    """Return the plan: downloaded by its artifact's id, named by a path, or made by this job."""
    if inputs.plan and not inputs.plan_is_artifact:
        return Path(inputs.plan)
    found = sorted(inputs.own.glob("plans/plan-attempt-*/plan.json" if inputs.plan else "plan/*/plan.json"))
    if not found:
        raise CiToolsError(
            f"the plan, artifact {inputs.plan}, can't be had: it may have expired",
            hint="re-run all jobs: that plans anew. The input plan is the plan job's output plan-id",
        )
    return found[-1]


def _merge() -> int:
    """Merge all shards and attempts; say the verdict wherever GitHub shows one."""
    from ci_tools.cli.merge import results_of
    from ci_tools.cli.publish import publish
    from ci_tools.merge.outside import was_left_out

    inputs = _inputs()
    bundles, report = inputs.own / "bundles", inputs.results / "report"
    is_partial = os.environ.get("XDIST_CI_DOWNLOADED") == "failure"
    if not (inputs.plan or is_partial or any(bundles.iterdir())) and was_left_out(results_of(inputs.needs)):
        say("the jobs that run the tests were skipped: there is nothing to merge")
        write_outputs({"verdict": "skipped"})
        return 0
    # What else a job's tests may have put into its artifact is none of ours.
    directories = [path for path in sorted(bundles.iterdir()) if path.is_dir()]
    named = [path for path in directories if path.name == "begun" or parse_bundle_name(path.name)]
    words = [*map(str, named or [bundles]), "--out", str(report), "--key", inputs.key, "--fail-on", inputs.fail_on]
    words += ["--no-junit", "--history", str(recorded(inputs, _temporary()) / HISTORY.name)]
    quarantine = _committed_quarantine(inputs)
    if inputs.plan:
        plan = _plan_path(inputs)
        words += ["--plan", str(plan)]
        if plan.with_name(QUARANTINE.name).is_file():
            quarantine = plan.with_name(QUARANTINE.name)
        if planned := re.fullmatch(r"plan-attempt-([0-9]{1,4})", plan.parent.name):
            words += ["--since-attempt", planned[1]]
    words += ["--quarantine", str(quarantine)] if quarantine else []
    words += [f"--needs={inputs.needs}"] if inputs.needs else []
    words += ["--partial"] if is_partial else []
    (report / "report.json").unlink(missing_ok=True)  # a committed one, where `out` lies in the workspace
    code = main(["merge", *words])
    if (report / "report.json").is_file():
        publish(inputs, report, cache=recorded(inputs, _temporary()))
    return code


def _comment() -> int:
    """Comment on the pull request."""
    inputs = _inputs()
    words = ["--comment", inputs.comment, *(["--key", inputs.key] if inputs.key else [])]
    if inputs.command == "merge":
        words += ["--report", str(inputs.results / "report")]
    elif os.environ.get("GITHUB_EVENT_NAME") != "workflow_run":
        raise UsageError("input command is 'comment'", hint="that is for workflow_run; merge comments by itself")
    return main(["comment", *words])


STAGES: Mapping[str, Callable[[], int]] = {
    "begin": _begin,
    "plan": _plan,
    "run": _run,
    "merge": _merge,
    "comment": _comment,
}


def _inputs() -> Inputs:
    return load(Path(_needed("XDIST_CI_INPUTS")))


def _needed(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise UsageError(f"{name} is not set", hint="this command is for action.yml; elsewhere use plan, run and merge")
    return value
