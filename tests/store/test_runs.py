"""What is swept away of runs that have ended, and what never is."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from ci_tools.store.locks import Lock
from ci_tools.store.runs import ALIVE, KEPT, sweep, sweep_now_and_then

from .children import HOLD, child

DAY_S = 86_400


def run_of(host: Path, name: str, *, age_s: float, kept: bool = False, held: bool = True) -> Path:
    """Make a run's directory as a run leaves it."""
    root = host / name
    (root / "gw0" / "tmp").mkdir(parents=True)
    (root / "gw0" / "tmp" / "file").touch()
    if held:
        (root / ALIVE).touch()
    if kept:
        (root / KEPT).touch()
    age(root, age_s)
    return root


def age(path: Path, age_s: float) -> None:
    then_s = time.time() - age_s
    os.utime(path, (then_s, then_s), follow_symlinks=False)


def names(host: Path) -> list[str]:
    return sorted(path.name for path in host.iterdir())


def test_old_runs_go_kept_ones_later_and_young_ones_stay(tmp_path: Path) -> None:
    run_of(tmp_path, "0000aaaa", age_s=DAY_S + 60)
    run_of(tmp_path, "0000bbbb", age_s=DAY_S - 60)
    run_of(tmp_path, "0000cccc", age_s=DAY_S + 60, held=False)
    run_of(tmp_path, "1111aaaa", age_s=7 * DAY_S + 60, kept=True)
    run_of(tmp_path, "1111bbbb", age_s=7 * DAY_S - 60, kept=True)
    assert sweep(tmp_path) == tuple(tmp_path / name for name in ("0000aaaa", "0000cccc", "1111aaaa"))
    assert names(tmp_path) == ["0000bbbb", "1111bbbb"]


def test_a_run_that_is_alive_stays_however_old(tmp_path: Path) -> None:
    run = run_of(tmp_path, "0000aaaa", age_s=99 * DAY_S)
    own = run_of(tmp_path, "0000bbbb", age_s=99 * DAY_S)
    with child(HOLD.replace("False", "True"), run / ALIVE) as other, Lock(own / ALIVE, shared=True):
        assert other.says() == "held"
        assert sweep(tmp_path) == ()
        assert other.asked() == "free"
        assert sweep(tmp_path) == (run,)


def test_nothing_else_is_touched_and_no_link_is_followed(tmp_path: Path) -> None:
    host, outside = tmp_path / "host", tmp_path / "outside"
    target = run_of(outside, "0000cccc", age_s=9 * DAY_S, held=False)
    run = run_of(host, "0000aaaa", age_s=0)
    (run / "gw0" / "link").symlink_to(target)
    age(run, 9 * DAY_S)
    (host / "0000bbbb").symlink_to(target)
    age(host / "0000bbbb", 9 * DAY_S)
    (host / "0000dddd").touch()
    age(host / "0000dddd", 9 * DAY_S)
    for name in ("ports", "0000AAAA", "0000aaaa0", "0000aaa"):
        run_of(host, name, age_s=9 * DAY_S)
    assert sweep(host) == (run,)
    assert names(host) == ["0000AAAA", "0000aaa", "0000aaaa0", "0000bbbb", "0000dddd", "ports"]
    assert os.listdir(target) == ["gw0"]


READ_ONLY = """
import os
from pathlib import Path
from ci_tools.store.runs import remove
os.geteuid() or os.setuid(65534)  # root may write anywhere
os.makedirs("run/a/b")
os.symlink("/", "run/a/link")
os.chmod("run/a", 0o500)
remove(Path("run"))
"""


def test_what_tests_made_read_only_goes_too() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as home:
        os.chmod(home, 0o777)
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        subprocess.run([sys.executable, "-c", READ_ONLY], cwd=home, env=env, check=True, timeout=60)
        assert os.listdir(home) == []


def test_it_is_swept_once_an_hour(tmp_path: Path) -> None:
    swept = tmp_path / "swept"
    for number, (age_s, goes) in enumerate([(None, True), (3_500, False), (3_700, True), (-60, True)]):
        run = run_of(tmp_path, f"0000000{number}", age_s=2 * DAY_S)
        if age_s is not None:  # it was swept that long ago; or in the future, before the clock was set
            age(swept, age_s)
        sweep_now_and_then(tmp_path)
        assert (not run.exists()) is goes, age_s


def test_a_host_directory_that_is_not_there_is_nobodys_concern(tmp_path: Path) -> None:
    sweep_now_and_then(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        sweep(tmp_path / "none")
