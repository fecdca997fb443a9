"""The guest half of ci_tools, put where the user's interpreter finds it and nothing else.

`PYTHONPATH` must not show it our own virtual environment, so only the modules that need the
standard library alone are copied.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

import ci_tools
from ci_tools.model.errors import CiToolsError
from ci_tools.shard.processes import is_alive

PREFIX = "xdist-ci-"
GUEST = ("model", "formats", "store", "plugin", "testing")


def temporary() -> Path:
    """Return a new directory of this process, below the system's temporary one.

    Those of processes that were killed days ago are removed on the way. Not younger ones: in a
    directory that containers share, another's process may only look dead.
    """
    long_ago_s = time.time() - 3 * 24 * 3600
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        pid = path.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdecimal() and not is_alive(int(pid)):
            with contextlib.suppress(OSError):
                found = path.lstat()
                if found.st_uid == os.getuid() and found.st_mtime < long_ago_s and not path.is_symlink():
                    shutil.rmtree(path)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))


def stage(directory: Path) -> Path:
    """Copy the guest modules below `directory`; return what goes on PYTHONPATH.

    Raises CiToolsError when there is no room for them.
    """
    source = Path(ci_tools.__file__).parent
    target = directory / "ci_tools"
    rewritten = shutil.ignore_patterns("*-pytest-*.pyc")  # by a pytest that tests ci_tools itself
    try:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / "__init__.py", target / "__init__.py")
        for name in GUEST:
            shutil.copytree(source / name, target / name, dirs_exist_ok=True, ignore=rewritten)
    except OSError as error:
        why = error.args[0][0][2] if isinstance(error, shutil.Error) else error.strerror
        raise CiToolsError(f"{directory}: can't be written: {why}", hint="free some space, or set TMPDIR") from None
    return directory
