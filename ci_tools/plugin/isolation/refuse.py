"""No test runs where it can't be isolated: the run ends, and says why, in whichever process it was found."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pytest

from ci_tools.model.errors import CiToolsError

PREFIX = "xdist-ci: "
OUTPUT = "xdist-ci-refused"  # a worker's word to the controller


@contextlib.contextmanager
def usage_errors() -> Iterator[None]:
    """Turn an error of ours into pytest's own, with its hint on a line of its own."""
    try:
        yield
    except CiToolsError as error:
        raise pytest.UsageError(_text(error)) from None
    except OSError as error:  # a disk that is full, a directory that went away
        raise pytest.UsageError(f"{PREFIX}{error}") from None


def refuse(config: pytest.Config, error: CiToolsError) -> None:
    """End the run once tests are collected. Raises pytest.UsageError."""
    if hasattr(config, "workeroutput"):  # what is raised within a worker's session reaches nobody
        config.workeroutput[OUTPUT] = _text(error)
    raise pytest.UsageError(_text(error))


class Refusals:
    """In pytest-xdist's controller: a worker that refuses isn't replaced by one that would refuse as well."""

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_testnodedown(self, node: object, error: object) -> None:
        text = getattr(node, "workeroutput", {}).get(OUTPUT, "")
        raised = re.search(rf"UsageError: ({PREFIX}.*)", str(getattr(error, "formatted", "")), re.S)
        if text or raised:
            pytest.exit(text or (raised[1].strip() if raised else ""), returncode=int(pytest.ExitCode.USAGE_ERROR))


def _text(error: CiToolsError) -> str:
    return f"{PREFIX}{error.fact}" + (f"\n  hint: {error.hint}" if error.hint else "")
