"""Other people's judgement of a workflow or action: each check takes name → text and returns what it finds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from runner import npm
from runner.data import ROOT
from runner.uses import STANDINS, parsed, steps

Documents = Mapping[str, str]  # path below a repository → text

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
US = "org/xdist-ci"
TIMEOUT_S = 120


def documents() -> dict[str, str]:
    """Return our action and all our workflows, those for users as if they lay where users put them."""
    found = {"action.yml": (ROOT / "action.yml").read_text(encoding="utf-8")}
    for folder in (".github/workflows", "workflows"):
        for path in sorted((ROOT / folder).glob("*.yml")):
            found[f"{folder}/{path.name}"] = path.read_text(encoding="utf-8")
    return found


def is_action(name: str) -> bool:
    return Path(name).name == "action.yml"


def zizmor(files: Documents, *, config: Path | None = None) -> str:
    """Return zizmor's findings in its pedantic persona, with our few ignored rules if `config` names them."""
    with TemporaryDirectory() as directory:
        paths = _written(files, Path(directory))
        words = ["--offline", "--pedantic", "--strict-collection", "--no-progress", "--color", "never", "--quiet"]
        words += ["--config", str(config)] if config else ["--no-config"]
        return _findings(str(BIN / "zizmor"), *words, *paths)


def schema(files: Documents) -> str:
    """Return what GitHub's published JSON schemas refuse."""
    found = ""
    with TemporaryDirectory() as directory:
        for name, path in zip(files, _written(files, Path(directory)), strict=True):
            kind = "vendor.github-actions" if is_action(name) else "vendor.github-workflows"
            found += _findings(str(BIN / "check-jsonschema"), "--builtin-schema", kind, path)
    return found


def validator(files: Documents, *, action: str) -> list[str]:
    """Return what GitHub's own validator says, given our `action` and the stand-ins' metadata."""
    actions = {
        f"actions/{path.parent.relative_to(STANDINS)}": path.read_text(encoding="utf-8")
        for path in STANDINS.rglob("action.yml")
    }
    reusable = {name: text for name, text in documents().items() if name.startswith(".github/workflows/")}
    given = {
        # It knows no metadata for ./, which is this very action.
        "documents": {
            in_place(name): re.sub(r"uses: \./(?=\s)", f"uses: {US}@v1", text) for name, text in files.items()
        },
        "actions": {**actions, US: action},
        "workflows": {**{f"./{n}": t for n, t in reusable.items()}, **{f"{US}/{n}@v1": t for n, t in reusable.items()}},
    }
    done = subprocess.run(
        ["node", "--import", HERE / "json-hook.mjs", HERE / "validate.mjs"],
        cwd=npm.installed(),
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [f"{found['path']}:{found['line']}: {found['message']}" for found in json.loads(done.stdout)]


def shellcheck(text: str) -> str:
    """Return what shellcheck says of every `run:`. Raises AssertionError for a shell that it doesn't know."""
    found = ""
    for step in steps(parsed(text)):
        if "run" in step:
            shell = step.get("shell", "bash")
            assert shell in ("bash", "sh"), f"no check for shell {shell!r}"
            # SC2154: what `env:` sets looks unassigned.
            words = ["--shell", shell, "--exclude", "SC2154", "--color=never", "-"]
            found += _findings(str(BIN / "shellcheck"), *words, stdin=step["run"])
    return found


def act(text: str) -> str:
    """Return what act's strict schema refuses of a workflow."""
    with TemporaryDirectory() as directory:
        (path,) = _written({".github/workflows/one.yml": text}, Path(directory))
        return _findings(str(BIN / "act"), "--validate", "--strict", "--workflows", path, cwd=directory)


def _findings(*command: str, stdin: str = "", cwd: str | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}" or f"exit code {done.returncode}"


def _by_name(text: str) -> str:
    # It asks nobody for the metadata of ./, which is this very action.
    return re.sub(r"uses: \./(?=\s)", f"uses: {US}@v1", text)


def in_place(name: str) -> str:
    """Return where GitHub looks for it: starters aren't read from workflows/."""
    return f".github/{name}" if name.startswith("workflows/") else name


def _written(files: Documents, directory: Path) -> list[str]:
    paths = []
    for name, text in files.items():
        path = directory / in_place(name)
        assert not path.exists(), f"two workflows are called {path.name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        paths.append(str(path))
    return paths
