"""tox, which keeps from the tests what says which of them to run.

tox gives its environments only the variables that `pass_env` names.

- Shards that are told by `PYTEST_ADDOPTS` run the whole suite each: pytest under tox never sees it.
- xdist-ci puts its plugin into the run by `PYTHONPATH`, `PYTEST_PLUGINS` and `XDIST_CI_*`. Where the command's first
  word is tox, `ci-tools run` tells tox by `TOX_OVERRIDE`; where tox is behind `make` or a script it can't know, and the
  shard fails because its plugin wasn't loaded.

```ini
[testenv]
pass_env = PYTHONPATH, PYTEST_PLUGINS, XDIST_CI_*
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from ci_tools.doctor.expressions import references
from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project, ToxConfig
from ci_tools.doctor.sharding import Sharding, env_words
from ci_tools.doctor.shell import commands, name_of
from ci_tools.doctor.workflow import Step

_OURS = ("PYTHONPATH", "PYTEST_PLUGINS", "XDIST_CI_*")
_TOX = re.compile(r"(?:^|[\s;&|(\"'/])tox(?=\s|$|[\"';&|)])")


def check(project: Project) -> Iterator[Finding]:
    """Find tox runs that drop what the tests need from the environment."""
    for step in project.steps():
        if step.our_command == "run" and "TOX_OVERRIDE" not in step.env:
            yield from _behind_something(project, step)
    for _, shardings in project.sharded_jobs:
        for sharding in shardings:
            if sharding.command.runner == "tox" and "TOX_OVERRIDE" not in sharding.step.env and _is_told(sharding):
                yield from _missing(project, sharding.step, sharding.line, ("PYTEST_ADDOPTS",))


def _is_told(sharding: Sharding) -> bool:
    """Whether PYTEST_ADDOPTS says which part to run."""
    words = env_words(sharding.step, sharding.command, "PYTEST_ADDOPTS")
    return not sharding.is_ours and any(word.startswith("--splits") or references(word) for word in words)


def _behind_something(project: Project, step: Step) -> Iterator[Finding]:
    for command in step.commands:
        words = command.words
        if name_of(words[0]) == "tox" or words[1:3] == ("-m", "tox"):
            continue
        if command.runner == "tox" or _calls_tox(words, project):
            yield from _missing(project, step, command.line, _OURS)


def _calls_tox(words: Sequence[str], project: Project) -> bool:
    """Whether a script or a Makefile's target that the command names calls tox."""
    if name_of(words[0]) in ("make", "gmake", "just"):
        files = [text for path, text in project.scripts.items() if path.lower().endswith(("makefile", "justfile"))]
        return any(_TOX.search(_recipe(text, word)) for text in files for word in words[1:] or ("",))
    names = [word.removeprefix("./") for word in words]
    return any(
        name_of(one.words[0]) == "tox" for n in names if n in project.scripts for one in commands(project.scripts[n])
    )


def _recipe(makefile: str, target: str) -> str:
    """Return the lines of a target; of the first one where none is named."""
    found: list[str] = []
    is_inside = False
    for line in makefile.split("\n"):
        rule = re.match(r"([\w./ -]+?)\s*:(?!=)", line)
        if rule and not line.startswith(("\t", " ")):
            is_inside = target in rule.group(1).split() if target else not found
        elif is_inside:
            found.append(line)
    return "\n".join(found)


def _missing(project: Project, step: Step, line: int, names: Sequence[str]) -> Iterator[Finding]:
    lacks = [name for name in names if not _passes(project.tox, name)]
    if not lacks:
        return
    where = f"{project.tox.path}:{project.tox.line}" if project.tox else "tox.ini"
    effect = "its shard fails: the plugin isn't loaded" if step.is_ours else "every shard runs the whole suite"
    yield Finding(
        severity=Severity.ERROR,
        path=step.job.workflow.path,
        line=line,
        fact=f"tox keeps {', '.join(lacks)} from the tests of job `{step.job.id}`: {effect}",
        fix=f"add to [testenv] of {where}: pass_env = {', '.join(lacks)}",
    )


def _passes(tox: ToxConfig | None, name: str) -> bool:
    return tox is not None and any(fnmatchcase(name.lower(), pattern) for pattern in tox.pass_env)
