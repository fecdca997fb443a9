"""axe-core, the checker of accessibility, from npm."""

from __future__ import annotations

import tarfile
from functools import cache
from typing import Any

from playwright.sync_api import Page
from runner import npm

VERSION = "4.14.1"


@cache
def source() -> str:
    """Return the script."""
    with tarfile.open(npm.packed("axe-core", VERSION)) as tar:
        file = tar.extractfile("package/axe.min.js")
        assert file is not None
        return file.read().decode("utf-8")


def findings(page: Page) -> list[str]:
    """Return what is wrong with the page as it is now, seriously or worse: the rule and its first elements."""
    page.evaluate(source())
    result: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['id']}: {found['help']}: {[node['html'][:200] for node in found['nodes'][:3]]}"
        for found in result["violations"]
        if found["impact"] in ("serious", "critical")
    ]
