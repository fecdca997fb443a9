"""Our own workflows, as far as they can be executed here: this suite is sharded by this action."""

from __future__ import annotations

import shutil
from pathlib import Path

from runner.act import Repository
from runner.data import ROOT
from runner.user import report_of


def test_our_own_suite_is_planned_by_the_working_copy(repository: Repository, product: Path) -> None:
    shutil.copytree(product, repository.root, dirs_exist_ok=True)
    shutil.copytree(ROOT / "tests", repository.root / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    repository.commit()
    run = repository.run("push", job="plan", workflow="ci.yml")
    assert run.code == 0, run.text
    assert run.step("plan", "plan").outputs["shards"] == "4"
    assert run.said("files")


def test_the_number_of_shards_follows_from_what_the_last_run_took(repository: Repository) -> None:
    starter = (ROOT / "workflows/sharded.yml").read_text()
    starter = starter.replace("python -m pip install -e . pytest pytest-xdist", "python -m pytest --version")
    assert "shards: 4 #" in starter
    repository.write("tests/test_a.py", "def test_a(): ...\ndef test_b(): ...\n")
    repository.write(".github/workflows/sharded.yml", starter.replace("shards: 4 #", "shards: 1 #")).commit()
    assert repository.run("push").code == 0
    assert report_of(repository).conclusion.value == "passed"

    auto = starter.replace("shards: 4 #", "shards: auto\n          target-minutes: 5 #")
    repository.write(".github/workflows/sharded.yml", auto).commit()
    run = repository.run("push", run_id=2, job="plan")
    assert run.code == 0, run.text
    (why,) = run.said("for the target of 5m 00s")
    assert why.startswith("1 shard: ") and "assumed" not in why
    assert run.step("plan", "plan").outputs["matrix"] == '{"shard": ["1/1"]}'
