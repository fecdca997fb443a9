"""`ci-tools local`: the whole pipeline on the example project, as `make demo` runs it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from project import PYTEST, Project
from pytest_split.algorithms import Algorithms

EXAMPLE = Path(__file__).parents[2] / "examples" / "shop"
PAYS = "import pytest\n\n@pytest.fixture(autouse=True)\ndef _pays(cost): cost.add('0.01')\n"
FAILING = "tests/test_prices.py::test_a_discount_of_ten_percent"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The example project after two local runs."""
    root = tmp_path_factory.mktemp("shop")
    shutil.copytree(EXAMPLE, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".ci-tools", "__pycache__"))
    (root / "conftest.py").write_text(PAYS)
    return Project(root)


@pytest.fixture(scope="module")
def runs(shop: Project) -> list[subprocess.CompletedProcess[str]]:
    return [shop.ci_tools("local", "--shards", "3", "--", *PYTEST) for _ in range(2)]


def report(shop: Project) -> dict[str, object]:
    document: dict[str, object] = json.loads((shop.root / ".ci-tools/local/report/report.json").read_text())
    return document


def test_the_verdict_counts_what_plain_pytest_counts(
    shop: Project, runs: list[subprocess.CompletedProcess[str]]
) -> None:
    for done in runs:
        assert done.returncode == 1, done.stderr
        assert f"FAILED: 1 test failed: '{FAILING}'" in done.stdout
        assert "  46 tests on 3 shards (43 passed, 1 failed, 1 skipped, 1 xfailed)" in done.stdout
        assert "\ntests spent $0.45 in 45 records\n" in done.stdout
    plain = subprocess.run([*PYTEST, "-q", "-n0"], cwd=shop.root, capture_output=True, text=True)
    assert "1 failed, 43 passed, 1 skipped, 1 xfailed in" in plain.stdout


def test_a_second_run_plans_with_the_times_of_the_first(
    shop: Project, runs: list[subprocess.CompletedProcess[str]]
) -> None:
    first, second = runs
    assert first.stderr.startswith("no .test_durations: planning by the number of tests\n")
    assert second.stderr.startswith(".ci-tools/local/report/.test_durations: recorded times of 46 tests\n")
    assert "without a recorded time" in first.stdout
    assert "without a recorded time" not in second.stdout


def test_all_files_are_where_it_says(shop: Project, runs: list[subprocess.CompletedProcess[str]]) -> None:
    paths = [line.split()[-1] for line in runs[1].stdout.splitlines() if line and ".ci-tools/" in line]
    assert len(paths) == 7
    assert all((shop.root / path).exists() for path in paths)
    assert (shop.root / ".ci-tools/local/.gitignore").read_text() == "*\n"


def test_pytest_split_makes_a_valid_split_of_our_durations(
    shop: Project, runs: list[subprocess.CompletedProcess[str]]
) -> None:
    durations = shop.root / ".ci-tools/local/report/.test_durations"
    ids = {test["id"] for test in report(shop)["tests"]}  # type: ignore[attr-defined, index]
    for algorithm in Algorithms.names():
        seen: list[str] = []
        for group in (1, 2, 3):
            words = ("--splits", "3", "--group", str(group), "--durations-path", str(durations), "-n0", "-rA", "-q")
            done = subprocess.run(
                [*PYTEST, *words, "--splitting-algorithm", algorithm], cwd=shop.root, capture_output=True, text=True
            )
            assert "Traceback" not in done.stderr
            names = ("PASSED ", "FAILED ", "XFAIL ")
            seen += [
                line.split(" ", 1)[1].split(" - ")[0] for line in done.stdout.splitlines() if line.startswith(names)
            ]
        skipped = "tests/test_prices.py::test_euro"
        assert sorted(seen) == sorted(ids - {skipped}), algorithm


def test_progress_is_told_in_plain_lines_off_a_terminal(runs: list[subprocess.CompletedProcess[str]]) -> None:
    lines = runs[1].stderr.splitlines()
    for shard in (1, 2, 3):
        assert f"shard {shard}/3: started" in lines
        assert any(line.startswith(f"shard {shard}/3: ") and "planned" in line for line in lines)


def test_two_jobs_at_a_time_give_the_same_tests(shop: Project, runs: list[subprocess.CompletedProcess[str]]) -> None:
    done = shop.ci_tools("local", "--shards", "3", "--jobs", "2", "--out", "two", "tests/orders", "--", *PYTEST)
    assert done.returncode == 0, done.stderr + done.stdout
    document = json.loads((shop.root / "two/report/report.json").read_text())
    assert len(document["tests"]) == 7
    assert {shard["workers"] for shard in document["shards"]} == {document["workers"]}


def test_ctrl_c_ends_the_running_shard_and_keeps_what_is_done(project: Project) -> None:
    project.write(
        test_a="import time, pytest\n@pytest.mark.parametrize('i', range(99))\ndef test_it(i): time.sleep(.1)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "ci_tools", "local", "--shards", "2", "--", *PYTEST, "-n0"],
        cwd=project.root,
        stderr=subprocess.PIPE,
        text=True,
        # These tests may themselves run in the background, where a shell has SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    bundle = project.root / ".ci-tools/local/bundles/shard-1-of-2-attempt-1"
    until = time.monotonic() + 30
    while time.monotonic() < until and '"t":"attempt"' not in _read(bundle / "attempts.jsonl"):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.endswith("ci-tools: error: interrupted\n")
    assert '"sealed": true' in _read(bundle / "manifest.json")


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""
