"""Security rules for a workflow or action of ours: each takes its text and returns what breaks the rule.

GitHub's "Secure use" of Actions and the audits of zizmor say why; zizmor runs too, these hold what it leaves open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from runner.uses import parsed, steps, used

US = "org/xdist-ci"
# What users write, and what our releases move; and our working copy, tested by itself.
OURS = (f"{US}@v1", f"{US}/.github/workflows/pytest.yml@v1", "./")
SCOPES = re.compile(r"^ +[a-z-]+: (?:read|write)$", re.MULTILINE)
PINNED = r"uses: {} # v\d+\.\d+\.\d+$"


def expressions_in_scripts(text: str) -> list[str]:
    """An expression is pasted into the script before the shell reads it: whoever names a branch could write code."""
    return [step["run"] for step in steps(parsed(text)) if "${{" in step.get("run", "")]


def unpinned(text: str) -> list[str]:
    """A tag can be moved; a commit can't. The comment is what people and Dependabot read."""
    wanted = [uses for uses in used(parsed(text)) if uses not in OURS]
    sha = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
    return [
        uses
        for uses in wanted
        if not sha.fullmatch(uses) or not re.search(PINNED.format(re.escape(uses)), text, re.MULTILINE)
    ]


def kept_credentials(text: str) -> list[str]:
    """checkout leaves the token in .git/config, where every later step and upload finds it."""
    checkouts = [step for step in steps(parsed(text)) if step.get("uses", "").startswith("actions/checkout@")]
    return [step["uses"] for step in checkouts if step.get("with", {}).get("persist-credentials") != "false"]


def uploads_of_the_workspace(text: str) -> list[str]:
    """The workspace holds .git and whatever the job has left there."""
    uploads = [step for step in steps(parsed(text)) if step.get("uses", "").startswith("actions/upload-artifact@")]
    paths = [line.strip() for step in uploads for line in step["with"]["path"].splitlines()]
    return [path for path in paths if re.search(r"^\.?/?\*{0,2}$|\.git\b|github\.workspace|GITHUB_WORKSPACE", path)]


def loose_permissions(text: str) -> list[str]:
    """Nothing for the whole workflow, the least for each job, and a comment at each scope that says what for."""
    document = parsed(text)
    if "jobs" not in document:
        return []
    found = [] if document.get("permissions") == {} else ["the workflow: not `permissions: {}`"]
    found += [f"{name}: no permissions" for name, job in document["jobs"].items() if "permissions" not in job]
    found += [f"{name}: {job['permissions']}" for name, job in document["jobs"].items() if _is_word(job)]
    return found + [line.strip() for line in SCOPES.findall(text)]


def _is_word(job: dict[str, Any]) -> bool:
    return isinstance(job.get("permissions", {}), str)


def writers_that_run_code(text: str) -> list[str]:
    """A job that may write and that a pull request can start calls our action, and nothing that the request brings."""
    document = parsed(text)
    if not {"pull_request", "workflow_call", "workflow_run"} & set(triggers(document)):
        return []
    allowed = ("merge", "comment")
    return [
        f"{name}: {step.get('run') or step.get('uses')}"
        for name, job in document["jobs"].items()
        if "write" in job.get("permissions", {}).values()
        for step in job.get("steps", [])
        if not step.get("uses", "").startswith("actions/checkout@")
        and not (step.get("uses") in OURS and step.get("with", {}).get("command") in allowed)
    ]


def dangerous_triggers(text: str) -> list[str]:
    """pull_request_target never; workflow_run only to call our action's `comment`, without a checkout."""
    document = parsed(text)
    found = [trigger for trigger in triggers(document) if trigger == "pull_request_target"]
    if "workflow_run" not in triggers(document):
        return found
    allowed = [{"uses": f"{US}@v1", "with": {"command": "comment"}}]
    return found + [str(step) for step in steps(document) if {k: step.get(k) for k in ("uses", "with")} not in allowed]


def unsound_conditions(text: str) -> list[str]:
    """Conditions that are always true, or that a name decides which anyone may take."""
    return [
        condition
        for condition in conditions(parsed(text))
        if re.search(r"github\.(?:actor|triggering_actor)\b", condition)
        or re.search(r"contains\(\s*'", condition)
        or re.search(r"&&\s*(?:''|false|0|null)\s*\|\|", condition)
        # Text around an expression, be it a line end, makes a string, and a string is true.
        or ("${{" in condition and not re.fullmatch(r"\$\{\{(?:(?!\$\{\{).)*\}\}", condition, re.DOTALL))
    ]


def conditions(document: dict[str, Any]) -> Iterator[str]:
    """Yield each `if:` of jobs and steps."""
    for part in (*document.get("jobs", {}).values(), *steps(document)):
        if "if" in part:
            yield part["if"]


def secrets(text: str) -> list[str]:
    """We need none, take none and pass none on."""
    return re.findall(r"\bsecrets\s*[.:\[].*", text)


def triggers(document: dict[str, Any]) -> list[str]:
    on = document.get("on", [])
    return [on] if isinstance(on, str) else list(on)
