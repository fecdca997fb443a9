"""`ci-tools audit`."""

from __future__ import annotations

import argparse

from ci_tools.model.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""


def run(args: argparse.Namespace) -> int:
    """Not there yet."""
    raise UsageError("not there yet")
