from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from github.fake import BOT, FakeGitHub
from runner.act import TOKEN, Repository
from runner.data import ROOT
from runner.user import environment_of

PRODUCT = "org/xdist-ci"

UNREAD = ("benchmarks/", "docs/", "tests/")
UNUSED = r"/ci_tools/(audit|bisect|doctor|parallelize|stability|testing|trial)/"  # by the commands of the action


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our own repository as GitHub would serve it: the files that git tracks, or would.

    But for those that no job reads: act copies all of it twice for every job that uses it.
    """
    target = tmp_path_factory.mktemp("product")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(UNREAD):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    # Every step of every job starts our Python anew, from a copy: compiled, it starts in half the time.
    compiled = [sys.executable, "-m", "compileall", "-q", "-x", UNUSED, "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*compiled, target / "ci_tools"], check=True)
    return target


@pytest.fixture(scope="session")
def runner_temp_seed(product: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """What each job finds in its RUNNER_TEMP, relative path → file or directory: the action's own environment.

    The action makes one per job, in some seconds; here one serves them all, but for the test that looks at just that.
    """
    made = environment_of(product, tmp_path_factory.mktemp("environment"))
    return {f"xdist-ci/{made.name}": made}


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """GitHub's API for the user's repository; what GitHub's own description doesn't allow fails the test."""
    with FakeGitHub("org/user") as fake:
        fake.logins[TOKEN] = BOT
        yield fake


@pytest.fixture
def repository(tmp_path: Path, product: Path, runner_temp_seed: Mapping[str, Path]) -> Repository:
    """A new repository of a user of ours."""
    return Repository(tmp_path, actions={PRODUCT: product}, seeds=runner_temp_seed)
