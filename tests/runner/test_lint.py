"""Our action and workflows pass every checker that exists for them, and each checker is awake."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest
from runner import lint
from runner.data import ROOT

DOCUMENTS = lint.documents()
WORKFLOWS = [name for name in DOCUMENTS if not lint.is_action(name)]
ZIZMOR = ROOT / ".github" / "zizmor.yml"

BAD_ACTION = """
    name: bad
    description: a composite action with one mistake
    inputs: {who: {description: a name}}
    runs:
      using: composite
      steps:
        - MISTAKE
    """
BAD_WORKFLOW = """
    name: bad
    on: push
    permissions: {}
    jobs:
      a:
        runs-on: ubuntu-latest
        permissions: {}
        steps:
          - MISTAKE
    """
ECHO = "{run: echo}"


def bad_action(mistake: str) -> lint.Documents:
    return {"action.yml": dedent(BAD_ACTION).replace("MISTAKE", mistake)}


def bad_workflow(mistake: str) -> lint.Documents:
    return {"workflows/bad.yml": dedent(BAD_WORKFLOW).replace("MISTAKE", mistake)}


def test_there_is_an_action_and_there_are_workflows_of_ours_and_for_users() -> None:
    folders = {name.rpartition("/")[0] for name in DOCUMENTS}
    assert folders == {"", ".github/workflows", "workflows"}


def test_zizmor_finds_nothing() -> None:
    assert lint.zizmor(DOCUMENTS, config=ZIZMOR) == ""


@pytest.mark.parametrize(
    ("sample", "audit"),
    [
        (bad_workflow("{run: 'echo ${{ github.head_ref }}'}"), "template-injection"),
        (bad_action("{shell: bash, run: 'echo ${{ inputs.who }}'}"), "template-injection"),
        (bad_workflow("{uses: actions/checkout@v7}"), "unpinned-uses"),
        (bad_workflow("5"), "input does not match expected validation schema"),
    ],
)
def test_zizmor_is_awake(sample: lint.Documents, audit: str) -> None:
    assert audit in lint.zizmor(sample)


def test_what_zizmor_is_told_to_ignore_is_little_and_says_why() -> None:
    ignored = [line for text in DOCUMENTS.values() for line in text.splitlines() if "zizmor: ignore" in line]
    assert len(ignored) <= 3
    assert [line for line in ignored if not re.search(r"zizmor: ignore\[[\w-]+\] \w.{20}", line)] == []
    rules = ZIZMOR.read_text(encoding="utf-8")
    assert len(re.findall(r"^ +ignore:$", rules, re.MULTILINE)) <= 2
    assert re.findall(r"^ +ignore:\n +[^# ]", rules, re.MULTILINE) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_githubs_published_schemas_accept_it(name: str) -> None:
    assert lint.schema({name: DOCUMENTS[name]}) == ""


@pytest.mark.parametrize(
    ("sample", "word"),
    [
        ({"action.yml": (DOCUMENTS["action.yml"]).replace("check-square", "no-such-icon")}, "no-such-icon"),
        (bad_workflow("{run: echo, unknown: 1}"), "unknown"),
    ],
)
def test_the_schemas_are_awake(sample: lint.Documents, word: str) -> None:
    assert word in lint.schema(sample)


def test_githubs_own_validator_accepts_everything() -> None:
    assert lint.validator(DOCUMENTS, action=DOCUMENTS["action.yml"]) == []


NEEDS_WHO = "name: x\ndescription: x\ninputs: {who: {description: a name, required: true}}\nruns: {using: composite}"
MISTAKES = {
    bad_workflow: {
        "{uses: org/xdist-ci@v1, with: {whom: me, who: me}}": "Invalid action input 'whom'",
        "uses: ./\n        with: {whom: me, who: me}": "Invalid action input 'whom'",
        "{uses: org/xdist-ci@v1}": "Missing required input `who`",
        "{uses: actions/checkout@v1, with: {depth: 1}}": "Invalid action input 'depth'",
        "{uses: actions/stale@v1}": "Unable to resolve action `actions/stale@v1`, repository or version not found",
        "{run: echo, if: nothing() }": "Unrecognized function: 'nothing'",
        "{run: echo, env: {A: '${{ github.evnt }}'}}": "Context access might be invalid: evnt",
        "{run: echo, env: {A: '${{ steps.none.outputs.x }}'}}": "Context access might be invalid: none",
    },
    bad_action: {
        "{uses: actions/upload-artifact@v1, with: {name: x}}": "Missing required input `path`",
        "{run: echo, shell: bash, env: {A: '${{ secrets.x }}'}}": "Unrecognized named-value: 'secrets'",
    },
}


def test_githubs_own_validator_is_awake() -> None:
    samples, wanted = {}, {}
    for number, (make, mistake, message) in enumerate((m, *one) for m, all in MISTAKES.items() for one in all.items()):
        ((name, text),) = make(mistake).items()
        path = name.replace("bad", f"bad-{number}") if make is bad_workflow else f"bad-{number}/{name}"
        samples[path], wanted[lint.in_place(path)] = text, message
    found = [line.split(":", 2) for line in lint.validator(samples, action=NEEDS_WHO)]
    assert [(path, message.split(". ")[0].strip()) for path, _, message in found] == list(wanted.items())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_shellcheck_accepts_every_script(name: str) -> None:
    assert lint.shellcheck(DOCUMENTS[name]) == ""


def test_shellcheck_is_awake_and_refuses_what_it_cannot_check() -> None:
    assert "SC2086" in lint.shellcheck(*bad_workflow("{run: 'rm $UNQUOTED'}").values())
    assert "SC2086" in lint.shellcheck(*bad_action("{run: 'rm $UNQUOTED', shell: bash}").values())
    with pytest.raises(AssertionError, match="no check for shell 'pwsh'"):
        lint.shellcheck(*bad_workflow("{run: echo, shell: pwsh}").values())


@pytest.mark.parametrize("name", WORKFLOWS)
def test_acts_strict_schema_accepts_it(name: str) -> None:
    assert lint.act(DOCUMENTS[name]) == ""


def test_acts_strict_schema_is_awake() -> None:
    assert "Unknown Property unknown" in lint.act(*bad_workflow("{run: echo, unknown: 1}").values())
