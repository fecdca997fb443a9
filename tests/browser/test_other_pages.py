"""The pages of `ci-tools parallelize` and `ci-tools stability`, without a script: as a browser shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser.axe import findings
from parallelize.test_outputs import page as go_page
from playwright.sync_api import Browser
from stability.test_outputs import hostile, large

from ci_tools.parallelize.html import as_html as parallelize_html
from ci_tools.stability.html import as_html as stability_html

PAGES = {
    "parallelize": parallelize_html(go_page(n_tests=30)),
    "stability": stability_html(large(40, 90)),
    "stability of hostile names": stability_html(hostile()),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_complete_and_everybody_can_read_it(chrome: Browser, tmp_path: Path, name: str) -> None:
    said: list[str] = []
    path = tmp_path / "report.html"
    path.write_text(PAGES[name], encoding="utf-8")
    for scheme, width in (("light", 1280), ("dark", 390)):
        context = chrome.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: said.append(request.url))
        page.goto(f"file://{path}")
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.locator("h1").count() == 1 and page.locator("img, script").count() == 0
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        context.close()
    assert said == [f"file://{path}"] * 2
