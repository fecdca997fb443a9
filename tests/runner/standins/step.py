"""What a stand-in of an action needs of its job: inputs, outputs, and words for the log."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import NoReturn

WORKSPACE = Path(os.environ.get("GITHUB_WORKSPACE", "."))
STORE = Path(os.environ.get("STANDIN_STORE", "."))


def given() -> dict[str, str]:
    """Return the step's `with:`, defaults included."""
    inputs: dict[str, str] = json.loads(os.environ["STANDIN_WITH"])
    return inputs


def output(name: str, value: object) -> None:
    """Set an output of the step; the value must be one line."""
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
        file.write(f"{name}={value}\n")


def warn(message: str) -> None:
    print(f"::warning::{_escaped(message)}", flush=True)


def fail(message: str) -> NoReturn:
    print(f"::error::{_escaped(message)}", flush=True)
    sys.exit(1)


def _escaped(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
