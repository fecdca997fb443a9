"""How long planning takes: 100,000 tests in 10,000 files for 256 shards of 8 workers.

Data: generated in a temporary directory from a fixed seed: 100 directories of 100 test files with
10 tests of a few lines each, and a `.test_durations` that names them all.

How to read it: "the whole command" is `python -m ci_tools plan` as a process of its own (median of
5): start, read the recorded times, find and scan the files, predict, plan, write plan.json. The
rows below it take its stages apart, each called inside this process (median of 5).
`make_plan` has the second bar. "÷ read" is against the one thing that no planner can save: reading
and decoding the recorded times with `json.loads`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from statistics import median

from _bench import CI_TOOLS, judged, print_table, run, say, scratch, seconds_of

from ci_tools.formats import durations_json, plan_json
from ci_tools.model.nodeid import file_of
from ci_tools.plan.discover import discover
from ci_tools.plan.make import make_plan
from ci_tools.plan.predict import predict, sources_of
from ci_tools.plan.pytest_config import find_config

DIRECTORIES, FILES, TESTS = 100, 100, 10
SHARDS, WORKERS = 256, 8
ROUNDS = 5
COMMAND_BAR_S, PLAN_BAR_S = 1.5, 0.3


def main() -> None:
    with scratch() as root:
        say("generating 10,000 test files …")
        generate(root)
        rows = _timed(root)
    print_table(
        f"planning {DIRECTORIES * FILES * TESTS:,} tests in {DIRECTORIES * FILES:,} files "
        f"for {SHARDS} × {WORKERS} workers, median of {ROUNDS}",
        ["what", "seconds, bar", "worst", "÷ read"],
        rows,
    )


def generate(root: Path) -> None:
    """Write the tree and its `.test_durations`."""
    chance = random.Random(1)
    durations_s: dict[str, float] = {}
    for index in range(DIRECTORIES):
        directory = root / "tests" / f"area_{index:02}"
        directory.mkdir(parents=True)
        for number in range(FILES):
            name = f"test_{index:02}_{number:02}.py"
            (directory / name).write_text(_module(number), encoding="utf-8")
            slowness = chance.lognormvariate(-2, 1)
            for test in range(TESTS):
                scope = f"TestPart{test // 5}::" if number % 2 else ""
                nodeid = f"tests/area_{index:02}/{name}::{scope}test_case_{test}"
                durations_s[nodeid] = slowness * chance.lognormvariate(0, 1)
    (root / "pyproject.toml").write_text('[tool.pytest.ini_options]\ntestpaths = ["tests"]\n', encoding="utf-8")
    (root / ".test_durations").write_text(durations_json.dumps(durations_s), encoding="utf-8")


def _module(number: int) -> str:
    lines = [
        '"""What this part of the application promises."""',
        "",
        "import json",
        "import os",
        "",
        "import pytest",
        "",
    ]
    indent = "    " if number % 2 else ""
    for test in range(TESTS):
        if number % 2 and test % 5 == 0:
            lines += ["", f"class TestPart{test // 5}:"]
        lines += [
            f"{indent}def test_case_{test}({'self' if indent else ''}):",
            f"{indent}    values = [{number} + step for step in range({test + 2})]",
            f"{indent}    text = json.dumps(values)",
            f"{indent}    assert json.loads(text) == values",
            f"{indent}    assert len(os.sep.join(map(str, values))) > 0",
            "",
        ]
    return "\n".join(lines)


def _timed(root: Path) -> list[list[str]]:
    whole: list[list[float]] = [[], []]
    stages: dict[str, list[float]] = {}
    command = [*CI_TOOLS, "plan", "--shards", str(SHARDS), "--workers", str(WORKERS)]
    for number in range(ROUNDS + 1):
        tree = run(command, cwd=root)
        durations_only = run([*command, "--from-durations"], cwd=root)
        seconds = _stages_s(root)
        if number:  # the first round fills the file cache
            whole[0].append(tree.wall_s)
            whole[1].append(durations_only.wall_s)
            for name, value in seconds.items():
                stages.setdefault(name, []).append(value)
    read_s = median(stages["json.loads"])
    named = {"the whole command": whole[0], "the whole command, --from-durations": whole[1], **stages}
    return [_row(name, values, read_s) for name, values in named.items()]


def _row(name: str, values: list[float], read_s: float) -> list[str]:
    bars = {"make_plan": PLAN_BAR_S, "make_plan, --from-durations": PLAN_BAR_S}
    bar = COMMAND_BAR_S if name.startswith("the whole") else bars.get(name)
    shown = f"{median(values):.2f}" if bar is None else judged(median(values), bar, 2, " s")
    return [name, shown, f"{max(values):.2f}", f"{median(values) / read_s:.1f}"]


def _stages_s(root: Path) -> dict[str, float]:
    """Return the seconds of each stage of the command, called one after the other."""
    took: dict[str, float] = {}

    def timed(name: str, call: Callable[[], object]) -> None:
        took[name] = seconds_of(call)

    text = (root / ".test_durations").read_text(encoding="utf-8")
    durations_s = durations_json.loads(text, source="")
    also = {file_of(nodeid) for nodeid in durations_s}
    config = find_config([], cwd=root)
    sources = discover(config, also=also)
    prediction = predict(sources, durations_s)
    named = predict(sources_of(durations_s), durations_s)
    plan = make_plan(prediction, shards=SHARDS, workers=WORKERS)
    timed("make_plan", lambda: make_plan(prediction, shards=SHARDS, workers=WORKERS))
    timed("make_plan, --from-durations", lambda: make_plan(named, shards=SHARDS, workers=WORKERS))
    timed("json.loads", lambda: json.loads(text))
    timed("durations_json.loads", lambda: durations_json.loads(text, source=""))
    timed("discover", lambda: discover(config, also=also))
    timed("predict", lambda: predict(sources, durations_s))
    timed("plan_json.dumps, with the digest", lambda: plan_json.dumps(plan))
    return took


if __name__ == "__main__":
    main()
