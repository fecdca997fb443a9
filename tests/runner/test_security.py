"""Our action and workflows keep the security rules, and each rule finds what it is for."""

from __future__ import annotations

import re
from collections.abc import Callable
from textwrap import dedent

import pytest
from runner import security
from runner.lint import documents
from runner.uses import parsed, used

DOCUMENTS = documents()
SHA = "3d3c42e5aac5ba805825da76410c181273ba90b1"
UPLOAD = "actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a"
Rule = Callable[[str], list[str]]

# rule → samples that break it, with what it says
BROKEN: list[tuple[Rule, str, list[str]]] = [
    (
        security.expressions_in_scripts,
        "runs: {steps: [{run: 'echo ${{ inputs.args }}'}, {run: echo fine}]}",
        ["echo ${{ inputs.args }}"],
    ),
    (
        security.expressions_in_scripts,
        "jobs: {a: {steps: [{run: 'echo ${{ github.head_ref }}'}]}}",
        ["echo ${{ github.head_ref }}"],
    ),
    (
        security.unpinned,
        f"""
        jobs:
          tag: {{steps: [{{uses: actions/checkout@v7}}]}}
          short: {{steps: [{{uses: actions/checkout@3d3c42e5}}]}}
          no-comment:
            steps:
              - uses: actions/checkout@{SHA}
          vague:
            steps:
              - uses: actions/cache/save@{SHA} # v6
          branch: {{uses: org/xdist-ci/.github/workflows/pytest.yml@main}}
          good:
            steps:
              - uses: actions/setup-python@{SHA} # v7.0.0
              - uses: org/xdist-ci@v1
              - uses: ./
        """,
        [
            "org/xdist-ci/.github/workflows/pytest.yml@main",
            "actions/checkout@v7",
            "actions/checkout@3d3c42e5",
            f"actions/checkout@{SHA}",
            f"actions/cache/save@{SHA}",
        ],
    ),
    (
        security.kept_credentials,
        """
        jobs:
          a:
            steps:
              - uses: actions/checkout@one
              - {uses: actions/checkout@two, with: {persist-credentials: true}}
              - {uses: actions/checkout@three, with: {persist-credentials: false}}
        """,
        ["actions/checkout@one", "actions/checkout@two"],
    ),
    *(
        (security.uploads_of_the_workspace, f"runs: {{steps: [{{uses: {UPLOAD}, with: {{path: '{path}'}}}}]}}", [path])
        for path in (".", "./", "*", "**", "${{ github.workspace }}", "here/.git")
    ),
    (security.loose_permissions, "jobs: {a: {permissions: {}}}", ["the workflow: not `permissions: {}`"]),
    (
        security.loose_permissions,
        "permissions: {contents: read}\njobs: {a: {permissions: {}}}",
        ["the workflow: not `permissions: {}`"],
    ),
    (
        security.loose_permissions,
        """
        permissions: {}
        jobs:
          none: {steps: []}
          all: {permissions: write-all}
          silent:
            permissions:
              contents: read
          good:
            permissions:
              pull-requests: write # for the comment
        """,
        ["none: no permissions", "all: write-all", "contents: read"],
    ),
    (
        security.writers_that_run_code,
        """
        on: pull_request
        jobs:
          bad:
            permissions: {pull-requests: write}
            steps:
              - uses: actions/checkout@x
              - run: make
              - {uses: org/xdist-ci@v1, with: {command: run}}
              - {uses: org/xdist-ci@v1, with: {command: merge}}
          good:
            permissions: {contents: read}
            steps: [{run: make}]
        """,
        ["bad: make", "bad: org/xdist-ci@v1"],
    ),
    (security.dangerous_triggers, "on: pull_request_target\njobs: {}", ["pull_request_target"]),
    (security.dangerous_triggers, "on: [push, pull_request_target]\njobs: {}", ["pull_request_target"]),
    (
        security.dangerous_triggers,
        """
        on: {workflow_run: {workflows: [tests]}}
        jobs:
          a:
            steps:
              - {uses: actions/checkout@x}
              - {run: make}
              - {uses: org/xdist-ci@v1, with: {command: comment}}
        """,
        ["{'uses': 'actions/checkout@x'}", "{'run': 'make'}"],
    ),
    *(
        (security.unsound_conditions, f"jobs: {{a: {{if: {quoted}}}}}", [condition])
        for quoted, condition in (
            ("\"github.actor == 'dependabot[bot]'\"", "github.actor == 'dependabot[bot]'"),
            ("\"contains('push merge_group', github.event_name)\"", "contains('push merge_group', github.event_name)"),
            ("\"${{ inputs.x && '' || 'y' }}\"", "${{ inputs.x && '' || 'y' }}"),
            ('"${{ false }} "', "${{ false }} "),
            ('"${{ false }} || ${{ false }}"', "${{ false }} || ${{ false }}"),
        )
    ),
    (
        security.unsound_conditions,
        "runs:\n  steps:\n    - if: |\n        ${{ false }}\n      run: echo\n",
        ["${{ false }}\n"],
    ),
    (security.secrets, "jobs: {a: {uses: x, secrets: inherit}}", ["secrets: inherit}}"]),
    (security.secrets, "env: {T: '${{ secrets.TOKEN }}'}", ["secrets.TOKEN }}'}"]),
    (
        security.secrets,
        "on: {workflow_call: {secrets: {token: {required: true}}}}",
        ["secrets: {token: {required: true}}}}"],
    ),
]
RULES = list(dict.fromkeys(rule for rule, _, _ in BROKEN))


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_our_action_and_workflows_keep_the_rule(rule: Rule, name: str) -> None:
    assert rule(DOCUMENTS[name]) == []


@pytest.mark.parametrize(("rule", "text", "found"), BROKEN)
def test_the_rule_finds_what_breaks_it(rule: Rule, text: str, found: list[str]) -> None:
    assert rule(dedent(text)) == found


def test_every_rule_is_tried_on_our_files_and_on_a_bad_sample() -> None:
    public = {rule for name, rule in vars(security).items() if getattr(rule, "__module__", "") == security.__name__}
    takes_text = {r for r in public if getattr(r, "__annotations__", {}) == {"text": "str", "return": "list[str]"}}
    assert takes_text == set(RULES)


def test_an_action_is_pinned_to_the_same_commit_everywhere() -> None:
    pins: dict[str, set[str]] = {}
    for text in DOCUMENTS.values():
        for uses in used(parsed(text)):
            name, _, ref = uses.partition("@")
            if ref:
                pins.setdefault("/".join(name.split("/")[:2]), set()).add(ref)
    assert pins and {name: refs for name, refs in pins.items() if len(refs) > 1} == {}


def test_a_pinned_commit_has_one_version_in_every_comment() -> None:
    versions: dict[str, set[str]] = {}
    for text in DOCUMENTS.values():
        for sha, version in re.findall(r"@([0-9a-f]{40}) # (v\S+)", text):
            versions.setdefault(sha, set()).add(version)
    assert versions and {sha: found for sha, found in versions.items() if len(found) > 1} == {}


def test_the_token_is_in_the_environment_of_the_one_step_that_comments() -> None:
    steps = [step for step in parsed(DOCUMENTS["action.yml"])["runs"]["steps"] if "github-token" in str(step)]
    assert [(step["name"], step["env"].get("GITHUB_TOKEN")) for step in steps] == [
        ("Comment on the pull request", "${{ inputs.github-token }}")
    ]
