"""The user's command with the plugin in its environment, nothing installed.

Measured: `python -m pytest`, pytest-xdist workers, `uv run`, `nox`, `coverage run` and `make`
pass PYTHONPATH and PYTEST_PLUGINS on; tox drops them unless told.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ci_tools.model.project import Keep

DEFAULT = ("python", "-m", "pytest")
PLUGIN = "ci_tools.plugin"
OF_A_WORKER = ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID")
TOX_OVERRIDE = "testenv.pass_env+=PYTHONPATH,PYTEST_PLUGINS,XDIST_CI_*"


def environment(
    environ: Mapping[str, str],
    command: Sequence[str],
    *,
    stage: Path,
    out: Path,
    plan: Path,
    shard: int,
    nonce: str,
    workers: str,
    keep: Keep | None = None,
) -> dict[str, str]:
    """Return the environment for the command: what was there, and ours added in front.

    Without what marks a worker of pytest-xdist: a shard that a test starts is none, and its tests ask for that.
    """
    ours = {
        "XDIST_CI_STAGE": str(stage),
        "XDIST_CI_OUT": str(out),
        "XDIST_CI_PLAN": str(plan),
        "XDIST_CI_SHARD": str(shard),
        "XDIST_CI_NONCE": nonce,
        "XDIST_CI_WORKERS": workers,
        "PYTHONPATH": _with(environ.get("PYTHONPATH"), str(stage), os.pathsep),
        "PYTEST_PLUGINS": _with(environ.get("PYTEST_PLUGINS"), PLUGIN, ","),
    }
    if keep:
        ours["XDIST_CI_KEEP"] = keep.value
    if is_tox(command):
        ours["TOX_OVERRIDE"] = _with(environ.get("TOX_OVERRIDE"), TOX_OVERRIDE, ";")
    return {**{name: value for name, value in environ.items() if name not in OF_A_WORKER}, **ours}


def is_tox(command: Sequence[str]) -> bool:
    """Return whether the command is tox: by its name, as `python -m tox`, or within a line for bash."""
    if command[0] == "bash" and "-c" in command[:-1]:
        return bool(re.search(r"(^|[\s;&|(])tox(\s|$)", command[command.index("-c") + 1]))
    return Path(command[0]).stem == "tox" or tuple(command[1:3]) == ("-m", "tox")


def why_not_loaded(command: Sequence[str], exit_code: int | None) -> str:
    """Return the likeliest fix when a command ran without the plugin."""
    if "tox" in " ".join(command):  # behind make or a script as well
        return f"add to tox.ini: [testenv] pass_env = {TOX_OVERRIDE.partition('+=')[2]}"
    if any(word.startswith("-") and not word.startswith("--") and set(word[1:]) & set("IE") for word in command[1:3]):
        return "python's -I and -E ignore PYTHONPATH: leave them out"
    if exit_code:
        return "its own message above may say why; if it did run pytest, it must pass PYTHONPATH and PYTEST_PLUGINS on"
    return "the command must run pytest with PYTHONPATH and PYTEST_PLUGINS passed on"


def _with(value: str | None, entry: str, separator: str) -> str:
    return f"{entry}{separator}{value}" if value else entry
