"""Several `ci-tools quarantine` at the same time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_no_entry_of_several_commands_is_lost(tmp_path: Path) -> None:
    words = ("--reason", "races", "--owner", "@ann", "--expires", "30d", "--file", "quarantine.yml")
    commands = [
        [sys.executable, "-m", "ci_tools", "quarantine", "add", f"tests/test_a.py::test_{number}", *words]
        for number in range(6)
    ]
    running = [subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) for command in commands]
    assert [each.wait(60) for each in running] == [0] * 6
    text = (tmp_path / "quarantine.yml").read_text()
    assert sorted(line for line in text.splitlines() if line.startswith("- id: ")) == [
        f"- id: 'tests/test_a.py::test_{number}'" for number in range(6)
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["quarantine.yml"]
