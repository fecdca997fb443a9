"""What pytest itself finds: `truth()` runs `pytest --collect-only` with this very module as a plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ci_tools.model.nodeid import file_of, function_of
from ci_tools.plan.pytest_config import DOCTEST_GLOBS, PytestConfig

OUT = "COLLECT_TRUTH_OUT"
LINK = "link to "


@dataclass(frozen=True)
class Truth:
    """`opened` files got a collector, `files` yielded items; both relative to rootdir, sorted."""

    config: PytestConfig
    opened: tuple[str, ...]
    files: tuple[str, ...]
    functions: tuple[str, ...]
    exit_code: int
    output: str


def build(root: Path, tree: Mapping[str, str]) -> None:
    """Write files below root; `a/` makes a directory, `link to x` a symlink to x."""
    for name, content in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        elif content.startswith(LINK):
            path.symlink_to(content.removeprefix(LINK))
        else:
            path.write_bytes(content.encode("utf-8", "surrogateescape"))


def truth(arguments: Sequence[str], *, cwd: Path, out: Path) -> Truth:
    """Return what `python -m pytest --collect-only -q ARGUMENTS` finds in `cwd`."""
    here = str(Path(__file__).parent)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    env = {**inherited, OUT: str(out), "PYTHONPATH": here, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ours = ["--collect-only", "-q", "-p", "no:cacheprovider", "-p", "collect_truth"]
    command = [sys.executable, "-B", "-m", "pytest", *ours, *arguments]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60)
    output = done.stdout + done.stderr
    assert out.exists(), output
    seen = json.loads(out.read_text())
    rootdir = Path(seen["rootdir"])

    def absolute(path: str) -> Path:
        return Path(os.path.normpath(cwd / path))

    return Truth(
        config=PytestConfig(
            rootdir=rootdir,
            paths=tuple(absolute(path.partition("::")[0]) for path in seen["args"]),
            python_files=tuple(seen["python_files"]),
            python_classes=tuple(seen["python_classes"]),
            python_functions=tuple(seen["python_functions"]),
            norecursedirs=tuple(seen["norecursedirs"]),
            doctest_modules=seen["doctestmodules"],
            doctest_globs=tuple(seen["doctestglob"] or DOCTEST_GLOBS),
            ignore=tuple(absolute(path) for path in seen["ignore"] or ()),
            ignore_glob=tuple(str(absolute(path)) for path in seen["ignore_glob"] or ()),
            collect_in_virtualenv=seen["collect_in_virtualenv"],
        ),
        opened=tuple(sorted(os.path.relpath(path, rootdir) for path in seen["opened"])),
        files=tuple(sorted({file_of(nodeid) for nodeid in seen["items"]})),
        functions=tuple(dict.fromkeys(function_of(nodeid) for nodeid in seen["items"])),
        exit_code=done.returncode,
        output=output,
    )


# -- the plugin ------------------------------------------------------------------------------

_opened: list[str] = []
INI = ("python_files", "python_classes", "python_functions", "norecursedirs")
OPTIONS = ("doctestmodules", "doctestglob", "ignore", "ignore_glob", "collect_in_virtualenv")


@pytest.hookimpl(hookwrapper=True)
def pytest_collect_file(file_path: Path) -> Iterator[None]:
    outcome: Any = yield
    if outcome.get_result():
        _opened.append(str(file_path))


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    seen = {
        "rootdir": str(config.rootpath),
        "args": config.args,
        **{name: config.getini(name) for name in INI},
        **{name: getattr(config.option, name) for name in OPTIONS},
        "opened": _opened,
        "items": [item.nodeid for item in session.items],
    }
    if out := os.environ.get(OUT):
        Path(out).write_text(json.dumps(seen))
