"""The directory that all runs of a user share."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ci_tools.model.errors import CiToolsError
from ci_tools.store.host import VARIABLE, host_dir

HINT = f"remove it, or set {VARIABLE} to a directory of your own"


def refusal(path: str | Path) -> tuple[str, str]:
    with pytest.raises(CiToolsError) as caught:
        host_dir({VARIABLE: str(path)})
    return caught.value.fact, caught.value.hint


def test_it_is_made_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "a" / "host"
    assert host_dir({VARIABLE: str(path)}) == path
    assert host_dir({VARIABLE: str(path)}) == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_without_the_variable_it_is_short_and_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    assert host_dir({}) == Path(f"/tmp/xdist-ci-{os.getuid()}")


def test_one_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    assert refusal(tmp_path) == (f"{tmp_path}: not a directory that only this user can write to", HINT)


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("host")
    assert refusal(tmp_path / "link") == (f"{tmp_path}/link: not a directory that only this user can write to", HINT)


def test_one_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file" / "host") == (f"{tmp_path}/file/host: can't be made: Not a directory", HINT)


def test_a_relative_one_would_move_with_the_working_directory() -> None:
    assert refusal("host") == (f"{VARIABLE}: 'host' is no absolute path", "begin it with a slash")
