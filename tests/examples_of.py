"""The examples on a page of docs/: files and commands, written out and run as a reader would.

A fence below a line that ends with a file's name in backquotes and a colon, "`tests/test_shop.py`:", is
that file. A `console` fence is a session: a line `$ command` is run by bash in the project, and each
line below it must be in its output, in that order; `…` stands for any text. A line `$ command  # 1` says its exit
code. Files and commands take effect in the order of the page; a second text of a file replaces the first.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

FENCE = re.compile(r"^```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.M | re.S)
FILE = re.compile(r"`([\w./-]+)`[^`\n]*:\s*\Z")
CODE = re.compile(r"^(?P<command>.*?)(?:\s+# (?P<code>\d+))?$")
TIMEOUT_S = 120


def run_examples(page: Path, root: Path, env: dict[str, str] | None = None) -> int:
    """Write and run a page's examples below `root`; return the number of commands. AssertionError says what differs."""
    text = page.read_text(encoding="utf-8")
    n_commands = 0
    for fence in FENCE.finditer(text):
        named = FILE.search(text[: fence.start()])
        if fence["kind"] == "console":
            n_commands += _session(fence["body"], root, env or {})
        elif named:
            target = root / named[1]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(fence["body"], encoding="utf-8")
    return n_commands


def _session(body: str, root: Path, env: dict[str, str]) -> int:
    commands = re.split(r"^\$ ", body, flags=re.M)[1:]
    for command in commands:
        line, _, expected = command.partition("\n")
        match = CODE.match(line)
        assert match
        done = _run(match["command"], root, env)
        where = f"$ {line}\n{done.stdout}"
        assert done.returncode == int(match["code"] or 0), f"exit code {done.returncode}\n{where}"
        position = 0
        for wanted in filter(str.strip, expected.splitlines()):
            pattern = ".*".join(re.escape(part) for part in re.split(r"\s*…\s*", wanted.strip()))
            found = re.compile(pattern).search(done.stdout, position)
            assert found, f"not in the output: {wanted}\n{where}"
            position = found.end()
    return len(commands)


def _run(command: str, root: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    bin = Path(sys.executable).parent
    ours = {"PATH": f"{bin}{os.pathsep}{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "XDIST_CI_"))}
    return subprocess.run(
        ["bash", "-c", command],
        cwd=root,
        env={**inherited, **ours, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
