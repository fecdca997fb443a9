"""What can be told of a run from its configuration."""

from __future__ import annotations

import pytest


def others_implement(config: pytest.Config, hook: str, ours: object, *stock: str) -> bool:
    """Return whether a plugin implements `hook` that is neither ours nor named as one in `stock`."""
    impls = getattr(config.hook, hook).get_hookimpls()
    return any(impl.plugin is not ours and impl.plugin_name not in stock for impl in impls)


def distributes(config: pytest.Config) -> bool:
    """Return whether this process only hands tests out to pytest-xdist workers."""
    option = config.option
    return bool(getattr(option, "dist", "no") != "no" and getattr(option, "tx", None)) and not option.collectonly
