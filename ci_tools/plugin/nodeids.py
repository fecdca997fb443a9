"""Node ids as pytest gives them, without what pytest-xdist hangs on them."""

from __future__ import annotations

import pytest


def clean(nodeid: str, config: pytest.Config) -> str:
    """Return the id without the `@group` that `--dist loadgroup` appends (pytest < 9.2).

    A name can hold an `@` only inside its parameters' brackets; the group comes after them.
    """
    option = config.option
    grouped = getattr(option, "loadgroup", False) or getattr(option, "dist", "no") == "loadgroup"
    if grouped and nodeid.rfind("@") > max(nodeid.rfind("]"), nodeid.rfind("::")):
        return nodeid[: nodeid.rfind("@")]
    return nodeid
