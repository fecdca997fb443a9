"""The fixture `cost`: recorded where it is spent, and never more than the budget."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from guests import python_with
from project import Project, whole

from ci_tools.formats import cost_json, plan_json
from ci_tools.model.cost import RunCost, ShardCost
from ci_tools.model.spending import Amounts
from ci_tools.shard.stage import stage

BUDGET = '[tool.ci-tools.cost]\nbudget_usd = "{}"\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("CI_TOOLS_HOST_DIR", str(tmp_path / "host"))
    return Project(tmp_path)


def run_pytest(project: Project, *words: str, python: str | Path = sys.executable) -> tuple[int, list[str]]:
    """Run pytest as a user does; return its exit code, and what it says of spending or of errors."""
    command = [str(python), "-m", "pytest", "-p", "no:cacheprovider", *words]
    done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, timeout=120)
    lines = [line.strip() for line in done.stdout.splitlines()]
    return done.returncode, [line for line in lines if line.startswith(("xdist-ci: tests spent", "E  "))]


def of_shard(project: Project, shard: str = "1-of-1") -> ShardCost:
    path = project.root / f"bundles/shard-{shard}-attempt-1/cost.json"
    return cost_json.loads_shard(path.read_text(), source=path.name)


# -- anywhere --------------------------------------------------------------------------------


@pytest.mark.parametrize("n", ["0", "2"])
def test_the_run_says_what_its_tests_spent_where_a_global_of_theirs_says_nothing(project: Project, n: str) -> None:
    """Every worker is a process: a sum in a module is each worker's own, and the controller's stays 0."""
    project.write(
        spent="TOTAL = 0.0",
        conftest="""
        import spent
        def pytest_terminal_summary(terminalreporter):
            terminalreporter.write_line(f"xdist-ci: tests spent {spent.TOTAL} by the global")
        """,
        test_a="""
        import pytest, spent
        @pytest.mark.parametrize("number", range(6))
        def test_pays(cost, number):
            spent.TOTAL += 0.25
            cost.add("0.25", kind="llm")
        def test_unpriced(cost): cost.add(kind="llm", model="nobody's")
        """,
    )
    code, said = run_pytest(project, "-n", n)
    by_global = "1.5" if n == "0" else "0.0"
    assert (code, sorted(said)) == (
        0,
        [
            "xdist-ci: tests spent $1.50 in 7 records, 1 unpriced",
            f"xdist-ci: tests spent {by_global} by the global",
        ],
    )


def test_without_a_record_nothing_is_said(project: Project) -> None:
    project.write_path("pyproject.toml", BUDGET.format("5.00"))
    project.write(test_a="def test_a(cost): pass\ndef test_b(): pass\n")
    assert run_pytest(project, "-n", "0") == (0, [])


def test_a_run_that_spends_nothing_needs_no_directory(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that can't even be looked into, be it somebody else's or, as root may look anywhere, of too long a name."""
    monkeypatch.setenv("CI_TOOLS_HOST_DIR", f"/{'x' * 300}")
    project.write(test_a="def test_a(): pass\n")
    assert run_pytest(project, "-n", "0") == (0, [])
    project.write(test_a="def test_a(cost): cost.add(1)\n")
    code, said = run_pytest(project, "-n", "0")
    assert (code, said[-1].endswith("can't be made: File name too long")) == (1, True)


def test_files_of_another_run_are_never_read(project: Project) -> None:
    """Those of a run that was killed lie in the same directory of the host; an aggregator's glob finds them too."""
    project.write(test_a="import os\ndef test_a(cost):\n    cost.add(1)\n    os.kill(os.getpid(), 9)\n")
    assert run_pytest(project, "-n", "0") == (-9, [])
    (stale,) = project.root.glob("host/*/spending/*.jsonl")
    project.write(test_a="def test_a(cost): cost.add(2)\n")
    assert run_pytest(project, "-n", "0") == (0, ["xdist-ci: tests spent $2.00 in 1 record"])
    assert stale.parent.parent.name != ""


REFUSED = (
    "asked for $6,000.00 of a budget of $10,000.00: $0.00 are spent now and $6,000.00 reserved "
    "(let tests spend less, or raise budget_usd in [tool.ci-tools.cost]; its shards share it)"
)


def test_a_budget_holds_across_workers(project: Project) -> None:
    """Each of two workers wants $6,000 of $10,000 at the same time: both look before either has spent anything."""
    project.write_path("pyproject.toml", BUDGET.format("10000"))
    one = """
    import os, time
    def test_wants_6000(cost):
        with cost.reserve("6000") as reserved:
            open("{own}", "w").close()
            end = time.monotonic() + 60
            while not os.path.exists("{other}") and not os.path.exists("refused") and time.monotonic() < end:
                time.sleep(0.01)
            reserved.settle("6000")
    """
    project.write(
        conftest="""
        import pytest
        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(item, call):
            yield
            if call.excinfo: open("refused", "w").close()
        """,
        test_a=one.format(own="a", other="b"),
        test_b=one.format(own="b", other="a"),
    )
    code, said = run_pytest(project, "-n", "2", "--dist", "loadfile")
    assert code == 1
    assert [line for line in said if "asked" not in line] == [
        "xdist-ci: tests spent $6,000.00 in 1 record; budget $10,000.00, $4,000.00 left"
    ]
    assert [line for line in said if "asked" in line] == [
        f"E               ci_tools.model.spending.BudgetExceededError: {REFUSED}"
    ]


def test_what_a_reservation_became(project: Project) -> None:
    project.write_path("pyproject.toml", BUDGET.format("10"))
    project.write(
        test_a="""
        import pytest
        from ci_tools.model.errors import UsageError

        def test_settled(cost):
            with cost.reserve("2", kind="llm", model="m") as reserved:
                reserved.settle("0.5", tokens=10)
            with pytest.raises(UsageError, match="settled already"):
                reserved.settle("0.5")

        def test_fails_within(cost):
            with pytest.raises(ZeroDivisionError):
                with cost.reserve("1"):
                    1 / 0

        def test_settled_for_more(cost):
            with cost.reserve("0.1") as reserved:
                reserved.settle("0.3")

        @pytest.mark.parametrize("wrong", ["-1", "1e9", float("nan"), True, "1,5"])
        def test_no_amount(cost, wrong):
            with pytest.raises(UsageError, match="is no amount of dollars"):
                cost.add(wrong)
            with pytest.raises(UsageError):
                with cost.reserve(wrong): pass

        NAMELESS = [{"kind": "x" * 101}, {"model": 7}]
        NAMELESS += [{"tokens": tokens} for tokens in (-1, True, {"input": "1"}, {"all": 1})]

        @pytest.mark.parametrize("named", NAMELESS)
        def test_no_name(cost, named):
            with pytest.raises(UsageError):
                cost.add("1", **named)
        """
    )
    assert run_pytest(project, "-n", "0") == (
        0,
        ["xdist-ci: tests spent $1.80 in 3 records; budget $10.00, $8.20 left"],
    )


def test_a_test_that_replaces_time_and_precision_changes_nothing(project: Project) -> None:
    project.write(
        test_a="""
        import decimal, os, time
        def test_a(cost, monkeypatch):
            monkeypatch.setattr(time, "time", lambda: 1 / 0)
            decimal.getcontext().prec = 2
            cost.add("1.2345")
            cost.add("1.2345")
        """
    )
    assert run_pytest(project, "-n", "0") == (0, ["xdist-ci: tests spent $2.469 in 2 records"])


# -- the price list --------------------------------------------------------------------------


def test_genai_prices_is_asked_where_it_is_installed(project: Project, tmp_path: Path) -> None:
    python = python_with("genai-prices", "pytest", "genai-prices>=0.0.30")
    project.write(
        test_a="""
        import decimal
        def test_a(cost):
            cost.add(kind="llm", model="gpt-4o", tokens={"input": 1000, "output": 100})
            cost.add(kind="llm", model="gpt-4o", tokens=1100)
            cost.add(kind="llm", model="no-such-model", tokens={"input": 1000})
            decimal.getcontext().prec = 1
            cost.add(kind="llm", model="gpt-4o", tokens={"input": 1000, "output": 100})
        """
    )
    environ = {"PYTHONPATH": str(stage(tmp_path / "stage")), "PYTEST_PLUGINS": "ci_tools.plugin"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        said = run_pytest(project, python=python)
    assert said == (0, ["xdist-ci: tests spent $0.007 in 4 records, 2 unpriced"])


# -- in a shard ------------------------------------------------------------------------------


def plan_with_budget(project: Project, usd: str, *files: str) -> None:
    """Plan a shard for each file; each may spend as much."""
    plan = project.write_plan(*([whole(file)] for file in files))
    shards = tuple(replace(shard, budget_usd=Decimal(usd)) for shard in plan.shards)
    (project.root / "plan.json").write_text(plan_json.dumps(replace(plan, shards=shards)))


PAYS = """
def test_pays(cost):
    cost.add("0.5", kind="llm", model="m1", tokens=7)
    cost.add("0.25", kind="api")
def test_is_refused(cost):
    with cost.reserve("1"): pass
"""


def test_a_shard_holds_its_part_of_the_budget_and_the_merge_has_all(project: Project) -> None:
    project.write(test_a=PAYS, test_b=PAYS)
    plan_with_budget(project, "1.50", "test_a.py", "test_b.py")
    for shard in ("1/2", "2/2"):
        assert project.run(shard).code == 1
    one = of_shard(project, "1-of-2").spending
    assert (one.total, one.budget_usd) == (Amounts(records=2, tokens=7, usd=Decimal("0.75")), Decimal("1.5"))
    assert {row.nodeid.partition("::")[2] for row in one.rows} == {"test_pays"}
    files = (project.root / "bundles/shard-1-of-2-attempt-1/spending").iterdir()
    assert [file.suffix for file in files] == [".jsonl"]  # the lock is gone
    project.merge()
    merged = read_run(project)
    assert merged.spending.budget_usd == Decimal(3)
    assert [(name, amounts.usd) for name, amounts in merged.spending.by(lambda row: row.shard)] == [
        (1, Decimal("0.75")),
        (2, Decimal("0.75")),
    ]
    assert [(name, amounts.usd) for name, amounts in merged.spending.by(lambda row: row.nodeid)] == [
        ("test_a.py::test_pays", Decimal("0.75")),
        ("test_b.py::test_pays", Decimal("0.75")),
    ]
    pages = {name: (project.root / "merged" / name).read_text() for name in ("summary.md", "report.html")}
    assert "#### Spent by kind (2)" in pages["summary.md"]
    assert "What the tests spent" in pages["report.html"]


def test_of_a_plan_that_knows_of_no_budget_every_shard_has_the_same_part(project: Project) -> None:
    """One of `ci-tools plan --from-durations`, say, made where the project's file is not."""
    project.write_path("pyproject.toml", BUDGET.format("2"))
    project.write(
        test_a="def test_a(cost):\n    with cost.reserve('0.66'): pass\n    cost.add('0.01')\n",
        test_b="",
        test_c="",
    )
    project.write_plan([whole("test_a.py")], [whole("test_b.py")], [whole("test_c.py")])
    ran = project.run("1/3")
    assert "spent $0.01 of a budget of $0.666666: $0.67 are spent now" in ran.output


def read_run(project: Project) -> RunCost:
    path = project.root / "merged/cost.json"
    return cost_json.loads_run(path.read_text(), source=path.name)


def test_a_worker_that_is_killed_has_spent_what_it_reserved(project: Project) -> None:
    project.write(
        test_a="""
        import os, signal
        def test_dies(cost):
            cost.add("0.01", kind="llm")
            with cost.reserve("0.40", kind="llm"):
                os.kill(os.getpid(), signal.SIGKILL)
        """,
        test_b="def test_b(cost): cost.add('0.02')\n",
    )
    ran = project.run("1/1", n="2")
    assert ran.outcomes == {"test_a.py::test_dies": "crashed", "test_b.py::test_b": "passed"}
    assert of_shard(project).spending.total == Amounts(records=3, usd=Decimal("0.43"), dead_usd=Decimal("0.4"))


def test_failed_tests_again_in_a_fresh_process_share_the_ledger(project: Project) -> None:
    project.write(
        test_a="""
        import os
        def test_a(cost):
            cost.add("0.30")
            again = os.path.exists("again")
            open("again", "w").close()
            assert again
            with cost.reserve("0.50"): pass
        """
    )
    plan_with_budget(project, "1", "test_a.py")
    ran = project.run("1/1", options=("--reruns", "1"))
    assert [attempt.outcome.value for attempt in ran.attempts] == ["failed", "failed"]
    assert "asked for $0.50 of a budget of $1.00: $0.60 are spent now" in ran.output
    assert of_shard(project).spending.total == Amounts(records=2, usd=Decimal("0.6"))


def test_a_shard_that_was_killed_has_spent_it_all_the_same(project: Project) -> None:
    """No cost.json: what was written while it ran is read from the bundle itself."""
    project.write(test_a="def test_a(cost): cost.add('0.30')\n")
    project.run("1/1")
    (project.root / "bundles/shard-1-of-1-attempt-1/cost.json").unlink()
    project.merge()
    cost = read_run(project)
    assert (cost.uncounted, cost.spending.total.usd) == (((1, 1),), Decimal("0.3"))


def test_what_a_job_made_of_its_ledger_breaks_nothing(project: Project) -> None:
    project.write(test_a="def test_a(cost): cost.add('0.30')\n")
    project.run("1/1")
    spending = project.root / "bundles/shard-1-of-1-attempt-1/spending"
    (spending / "deep.jsonl").write_text("[" * 100_000 + "\n")
    (spending / "link.jsonl").symlink_to("/etc/passwd")
    (spending / "header.jsonl").write_text(json.dumps({"format": "xdist-ci/spending", "version": 1, "run": 7}) + "\n")
    os.mkfifo(spending / "pipe.jsonl")
    assert project.merge().exit_code == 0
    assert (read_run(project).spending.total.usd, read_run(project).spending.damaged) == (Decimal("0.3"), 2)
