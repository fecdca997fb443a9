"""actions/checkout: the user's repository at the run's commit, in an otherwise empty workspace."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from step import WORKSPACE, fail, given, output


def main() -> None:
    inputs = given()
    if inputs["repository"] != os.environ["GITHUB_REPOSITORY"]:
        fail(f"Not Found: {inputs['repository']}")
    directory = WORKSPACE / (inputs["path"] or ".")
    empty(directory)
    sha = fetch(directory, inputs["ref"] or os.environ["GITHUB_SHA"], depth=int(inputs["fetch-depth"]))
    if inputs["persist-credentials"] != "false":
        git(directory, "config", "http.https://github.com/.extraheader", f"AUTHORIZATION: basic {inputs['token']}")
    output("commit", sha)


def empty(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def fetch(directory: Path, ref: str, *, depth: int) -> str:
    """Check `ref` out and return its SHA; on a branch when the run is one of a branch."""
    git(directory, "init", "--quiet", "--initial-branch", "main")
    git(directory, "remote", "add", "origin", f"https://github.com/{os.environ['GITHUB_REPOSITORY']}")
    source = f"file://{os.environ['STANDIN_CHECKOUT']}"
    refs = ["+refs/heads/*:refs/remotes/origin/*"] if depth == 0 else [f"--depth={depth}"]
    git(directory, "fetch", "--quiet", "--no-tags", source, *refs, ref)
    sha = git(directory, "rev-parse", "FETCH_HEAD" if depth else f"{ref}^{{commit}}")
    branch = os.environ["GITHUB_REF"].removeprefix("refs/heads/")
    on_branch = os.environ["GITHUB_REF"].startswith("refs/heads/") and sha == os.environ["GITHUB_SHA"]
    git(directory, "checkout", "--quiet", *(["-B", branch] if on_branch else ["--detach"]), sha)
    return sha


def git(directory: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode:
        fail(f"The process 'git' failed with exit code {done.returncode}: {done.stderr}")
    return done.stdout.strip()


if __name__ == "__main__":
    main()
