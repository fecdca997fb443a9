"""Which steps are undone again: what a `finally`, the end of a fixture or a finaliser touches once more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ci_tools.audit.steps import Call, Kind, Place, Step, Store, Value

# Functions that set something of the process, and by calling which again it is set back.
_SETTERS = frozenset(
    {"chdir", "fchdir", "umask", "nice", "signal", "tzset", "seed", "disable", "enable", "basicConfig"}
)
# Two methods that undo each other change one thing.
_SUBJECTS = {
    "addHandler": "handlers",
    "removeHandler": "handlers",
    "addFilter": "filters",
    "removeFilter": "filters",
    "register": "registered",
    "unregister": "registered",
    "putenv": "environ",
    "unsetenv": "environ",
}
_BY_KEY = frozenset({"pop", "setdefault", "__setitem__", "__delitem__"})
_MUTATORS = _BY_KEY | {"insert", "append", "extend", "remove", "add", "discard", "update", "clear", "popitem", "sort"}


def touched(step: Step) -> str:
    """Return what state a step changes: `os.environ[X]`, `os.environ`, `sys.path`, `os.chdir`; "" if none."""
    if isinstance(step, Store):
        owner = name_of(step.owner)
        if step.place is Place.GLOBAL:
            return f"{step.module.name}.{step.name}"
        if not owner:
            return ""
        return f"{owner}[{step.name}]" if step.place is Place.ITEM and step.name else _joined(owner, step)
    if isinstance(step, Call):
        return _touched_by_call(step)
    return ""


def _joined(owner: str, step: Store) -> str:
    return owner if step.place is Place.ITEM else f"{owner}.{step.name}"


def _touched_by_call(call: Call) -> str:
    prefix, _, method = call.name.rpartition(".")
    receiver = name_of(call.receiver) if call.receiver is not None else ""
    if receiver and method in _MUTATORS:
        key = call.args[0].data if call.args else None
        is_key = method in _BY_KEY and isinstance(key, str)
        return f"{receiver}[{key}]" if is_key else receiver
    if method in _SUBJECTS:
        return f"{prefix}.{_SUBJECTS[method]}"
    is_setter = method in _SETTERS or method.startswith(("set", "reset"))
    return call.name if is_setter and not prefix.startswith("?") else ""


def kept(name: str, args: Sequence[Value], keywords: Mapping[str, Value]) -> str:
    """Return what state a patch keeps as it was, whatever is done to it in between; "" if it is no patch.

    `monkeypatch.delenv(name, raising=False)` of a variable that isn't set keeps nothing.
    """
    raising = args[1] if len(args) > 1 else keywords.get("raising")
    if not args or not name.startswith(_PATCHES) or (name.endswith("delenv") and raising is not None):
        return ""
    method = name.rpartition(".")[2]
    owner = name_of(args[0]) or (str(args[0].data) if args[0].kind is Kind.CONST else "")
    key = args[1].data if len(args) > 1 and args[1].kind is Kind.CONST else ""
    if method in ("setenv", "delenv"):
        return f"os.environ[{owner}]"
    if method in ("setitem", "delitem"):
        return f"{owner}[{key}]"
    if method in ("setattr", "delattr", "object"):
        return f"{owner}.{key}"
    return {"dict": owner, "chdir": "os.chdir", "syspath_prepend": "sys.path"}.get(method, "")


_PATCHES = ("pytest.MonkeyPatch.", "unittest.mock.patch", "mock.patch", "pytest_mock.MockerFixture.patch")


def name_of(value: Value) -> str:
    """Return how an object that outlives a function is called, "" for others."""
    if value.home:
        return value.home
    return str(value.data) if value.kind is Kind.OUTSIDE else ""


def with_restored(steps: Iterable[Step], undone: frozenset[str], undoing: frozenset[int]) -> list[Step]:
    """Mark the steps whose state is undone, and those that undo it: `undoing` are their positions."""
    return [
        replace(step, is_restored=True) if _is_restored(step, undone, index in undoing) else step
        for index, step in enumerate(steps)
    ]


def _is_restored(step: Step, undone: frozenset[str], is_undoing: bool) -> bool:
    if isinstance(step, Call) and step.name.startswith(("pytest.MonkeyPatch.", "pytest_mock.MockerFixture.")):
        return True
    is_loading = isinstance(step, Call) and step.name.endswith(".load_dotenv")  # which variables, nobody knows
    key = "os.environ" if is_loading else touched(step)
    if not key:
        return False
    return is_undoing or key in undone or key.partition("[")[0] in undone
