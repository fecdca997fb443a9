"""Every command explains itself, and every example it prints is one it takes."""

from __future__ import annotations

import argparse
import re
import shlex
from importlib import import_module

import pytest

from ci_tools.cli.main import COMMANDS, main


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([name, "--help"])
    assert exit_.value.code == 0
    assert "examples:\n  ci-tools " in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_are_commands_that_parse(name: str) -> None:
    module = import_module(f"ci_tools.cli.{name}")
    lines = [line.strip() for line in module.EXAMPLES.splitlines() if line.startswith("  ci-tools ")]
    assert lines
    for line in lines:
        words = shlex.split(re.split(r"\s{3,}", line)[0])[2:]
        parser = argparse.ArgumentParser(exit_on_error=False)
        module.configure(parser)
        parser.parse_args(words[: words.index("--")] if "--" in words else words)


def test_without_a_command_all_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([])
    out = capsys.readouterr().out
    for name, summary in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(summary)}$", out, re.MULTILINE)


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    from ci_tools import __version__

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"ci-tools {__version__}\n"
