"""Whether somebody besides us implements a hook: then it is theirs."""

from __future__ import annotations

import pytest


def others_implement(config: pytest.Config, hook: str, ours: object, *stock: str) -> bool:
    """Return whether a plugin implements `hook` that is neither ours nor named as one in `stock`."""
    impls = getattr(config.hook, hook).get_hookimpls()
    return any(impl.plugin is not ours and impl.plugin_name not in stock for impl in impls)
