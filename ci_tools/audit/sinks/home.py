"""Units whose `~` is their own: something has set `HOME` to a private directory."""

from __future__ import annotations

from collections.abc import Sequence

from ci_tools.audit.steps import Call, Kind, Place, Step, Store, Unit, Value
from ci_tools.audit.suite import Suite

_VARIABLES = ("HOME", "USERPROFILE")
_SETTERS = ("pytest.MonkeyPatch.setenv", "os.environ.setdefault", "os.putenv")


def movers_of_home(suite: Suite) -> Sequence[Unit]:
    """Return the units that give the process a private home."""
    return [unit for unit in suite.units if any(map(_moves_home, suite.steps[unit]))]


def has_own_home(unit: Unit, movers: Sequence[Unit]) -> bool:
    """Return whether a unit runs with a private home: by itself, by a fixture that it requests or has anyway."""
    for mover in movers:
        directory = mover.module.path.rpartition("/")[0] if mover.module.is_conftest else mover.module.path
        if mover is unit or mover in unit.fixtures or (mover.is_autouse and unit.module.path.startswith(directory)):
            return True
    return False


def _moves_home(step: Step) -> bool:
    if isinstance(step, Call) and step.name in _SETTERS:
        return step.argument(0, "name").data in _VARIABLES and _is_private(step.argument(1, "value"))
    is_item = isinstance(step, Store) and step.place is Place.ITEM and step.owner.data == "os.environ"
    return isinstance(step, Store) and is_item and step.name in _VARIABLES and _is_private(step.value)


def _is_private(value: Value) -> bool:
    return value.kind is Kind.PRIVATE or value.is_unique
