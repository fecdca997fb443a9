"""The pattern by which a shard uploads its own bundle alone, as the library of GitHub's action understands it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from runner import npm
from runner.uses import STANDINS

from ci_tools.cli.inputs import read_inputs
from ci_tools.cli.places import places

HERE = Path(__file__).parent


def bundle_path(top: Path) -> str:
    environ = {"XDIST_CI_INPUT_SHARD": "1/2", "XDIST_CI_INPUT_OUT": str(top)}
    return places(read_inputs(environ, directory=top / "own"), top)["bundle-path"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    own = "shard-1-of-2-attempt-1"
    for path in (
        f"{own}/manifest.json",
        f"{own}/workers/gw0.stacks",
        f"{own}/.hidden",
        "shard-2-of-2-attempt-1/manifest.json",
    ):
        (tmp_path / "bundles" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bundles" / path).touch()
    return tmp_path


def found_by_github(pattern: str) -> Any:
    script = npm.installed() / "glob.mjs"
    shutil.copy(HERE / "glob.mjs", script)
    done = subprocess.run(["node", script, pattern], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_shard_uploads_its_own_bundle_with_its_directorys_name(tree: Path) -> None:
    found = found_by_github(bundle_path(tree))
    assert found["roots"] == [f"{tree}/bundles"]
    names = {str(Path(file).relative_to(found["roots"][0])) for file in found["files"]}
    own = "shard-1-of-2-attempt-1"
    assert names == {f"{own}/manifest.json", f"{own}/workers/gw0.stacks", f"{own}/.hidden"}


def test_the_stand_in_finds_what_github_finds(tree: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(STANDINS)!r}); from upload import find\n"
        "files, root = find([sys.argv[1]], hidden=True); print(root, *sorted(map(str, files)), sep='\\n')"
    )
    around = {"GITHUB_WORKSPACE": str(tree), "STANDIN_STORE": str(tree / "store")}
    done = subprocess.run(
        [sys.executable, "-c", program, bundle_path(tree)], env=around, capture_output=True, text=True, check=True
    )
    found = found_by_github(bundle_path(tree))
    assert done.stdout.splitlines() == [*found["roots"], *sorted(found["files"])]
