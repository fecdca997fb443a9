"""The pictures of docs/report.md: `PYTHONPATH=tests python -m browser.screenshots`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from browser import chromium
from browser.reports import red
from playwright.sync_api import Browser

from ci_tools.report.html import html_page
from ci_tools.report.markdown import RunFacts

IMAGES = Path(__file__).parents[2] / "docs" / "images"
FACTS = RunFacts(
    key="py3.12", run_url="https://github.com/org/shop/actions/runs/8431/attempts/2", attempt=2, sha="c81e22b4" * 5
)
WIDE = {"width": 1280, "height": 820}
COST = ("$0.19 in 31 billed minutes (estimate), $0.04 of it set-up, $0.02 lost to rounding",)


def main() -> None:
    """Write each picture anew."""
    report = red(2_400, shards=6, workers=3, seed=11)
    IMAGES.mkdir(exist_ok=True)
    with TemporaryDirectory() as directory, chromium.browser() as chrome:
        path = Path(directory) / "report.html"
        path.write_text(html_page(report, facts=FACTS, cost_lines=COST), encoding="utf-8")
        _shoot(chrome, path, "report-light", "light", WIDE, "")
        _shoot(chrome, path, "report-dark", "dark", WIDE, "")
        _shoot(chrome, path, "report-timeline", "light", WIDE, "timeline")
        _shoot(chrome, path, "report-tests", "dark", WIDE, "tests")


def _shoot(chrome: Browser, path: Path, name: str, scheme: str, viewport: dict[str, int], section: str) -> None:
    context = chrome.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"file://{path}")
    page.wait_for_selector("html[data-ready]", state="attached")
    if section:
        page.evaluate("id => document.getElementById(id).scrollIntoView()", section)
    if section == "timeline":
        page.wait_for_selector("#lanes canvas[width]")
    page.screenshot(path=IMAGES / f"{name}.png")
    context.close()


if __name__ == "__main__":
    main()
