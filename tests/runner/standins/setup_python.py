"""actions/setup-python: an interpreter of the job's own, in which it may install what it wants.

What STANDIN_SITE holds (pytest, pytest-xdist, pip) is there already, so that a job needn't fetch it.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import sysconfig
from pathlib import Path

from step import given, output

COMMANDS = {"pip": "pip", "pytest": "pytest", "py.test": "pytest"}


def main() -> None:
    home = Path(os.environ["RUNNER_TEMP"]).parent / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    site = sysconfig.get_path("purelib", vars={"base": str(home)})
    (Path(site) / "standin.pth").write_text(os.environ["STANDIN_SITE"])
    for command, module in COMMANDS.items():
        script = home / "bin" / command
        script.write_text(f'#!/bin/sh\nexec "${{0%/*}}/python" -m {module} "$@"\n')
        script.chmod(0o755)
    output("python-path", home / "bin" / "python")
    output("python-version", platform.python_version())
    if given()["update-environment"] == "true":
        append("GITHUB_PATH", f"{home}/bin")
        append("GITHUB_ENV", f"pythonLocation={home}")


def append(file: str, line: str) -> None:
    with open(os.environ[file], "a", encoding="utf-8") as target:
        target.write(f"{line}\n")


if __name__ == "__main__":
    main()
