"""Whom a step meets: nobody, or every worker."""

from __future__ import annotations

import ast
import re
from functools import lru_cache

from ci_tools.audit.source import Module
from ci_tools.audit.steps import Kind, Step, Unit, UnitKind, Value

_WIDE_SCOPES = ("session", "package")
_NO_FILE = re.compile(
    r"-|/dev/(?:null|zero|full|u?random|tty\w*|std\w+|fd(?:/.*)?)|/proc/.*|/sys/.*|nul|con", re.IGNORECASE
)
_LOCK = re.compile(r"(?<![bc])(?<!un)lock|mutex|semaphore", re.IGNORECASE)  # no block, no clock
_OF_THREADS = ("threading.", "asyncio.", "trio.", "anyio.")
_REFUSALS = ("pytest.raises", "pytest.deprecated_call")
_TEMPORARY = re.compile(r"(?:/tmp|/var/tmp|/dev/shm)(?:/|$)")
_KNOWS_WORKERS = re.compile(r"workerinput|PYTEST_XDIST_WORKER|worker_?id|is_xdist_|xdist_worker")


def shared_path(step: Step, value: Value) -> str:
    """Return the text of a path that other tests have too; "" if it is private, unknown or no file.

    One with an unknown part is not known to be shared: it may be an id, or the test's name.
    """
    if value.kind not in (Kind.CONST, Kind.PATH) or not isinstance(value.data, str) or step.is_private(value):
        return ""
    is_known = "…" not in value.data and not _NO_FILE.fullmatch(value.data)
    return value.data.removeprefix("<rootdir>/") if is_known else ""


def is_temporary(path: str) -> bool:
    """Return whether a path lies in the machine's directory for temporary files."""
    return _TEMPORARY.match(path) is not None


def is_refused(step: Step) -> bool:
    """Return whether the step is expected to raise: what it would do isn't done."""
    if not step.within:  # of a million steps most: this is asked by every rule
        return False
    texts = [str(value.data) for value in step.within if value.kind is Kind.MADE]
    return any(text in _REFUSALS or ".assertRaises" in text for text in texts)


def is_locked(step: Step) -> bool:
    """Return whether the step holds something that is called a lock, and isn't one of threads or tasks."""
    return any(value.kind in (Kind.MADE, Kind.INSTANCE) and _is_lock(_name_of(value)) for value in step.within)


def _is_lock(name: str) -> bool:
    return _LOCK.search(name) is not None and not name.startswith(_OF_THREADS)


def _name_of(value: Value) -> str:
    return value.data.name if isinstance(value.data, ast.ClassDef) else str(value.data)


def is_session_wide(unit: Unit) -> bool:
    """Return whether a unit is a fixture that each worker sets up once, for all of its tests."""
    return unit.kind is UnitKind.FIXTURE and unit.scope in _WIDE_SCOPES


def is_alone(step: Step) -> bool:
    """Return whether one process at a time does this, as far as is seen: under a lock, or having asked who it is."""
    return is_locked(step) or _is_for_the_controller(step.unit) or _is_for_one_worker(step)


def _is_for_the_controller(unit: Unit) -> bool:
    """Return whether a unit is a hook that asks which process it is in: it is taken to know what it does."""
    return unit.kind is UnitKind.HOOK and knows_workers(unit.module, unit.node)


def _is_for_one_worker(step: Step) -> bool:
    """Return whether a unit asks for the worker on the way to a step: in a condition around it, or in one that leaves
    before it."""
    module, place = step.unit.module, step.frames[0].call if step.frames else step.node
    if not _names_workers(module):
        return False
    for node in ast.walk(step.unit.node):
        if isinstance(node, ast.If) and knows_workers(module, node.test):
            is_left = isinstance(node.body[-1], ast.Return | ast.Raise) and _end(node) < place.lineno
            if is_left or node.lineno <= place.lineno <= _end(node):
                return True
    return False


@lru_cache(maxsize=1024)  # it is asked for each step of a file
def _names_workers(module: Module) -> bool:
    return _KNOWS_WORKERS.search(module.text) is not None


def knows_workers(module: Module, node: ast.AST) -> bool:
    """Return whether code asks which worker it runs in."""
    lines = module.lines[getattr(node, "lineno", 1) - 1 : _end(node)]
    return any(map(_KNOWS_WORKERS.search, lines))


def _end(node: ast.AST) -> int:
    start: int = getattr(node, "lineno", 1)
    end: int | None = getattr(node, "end_lineno", None)
    return end or start
