"""How long until `report.html` of 100,000 tests can be used, in Chromium, from its file.

Navigation to the list filtered by a search: the page is opened anew each time, words are typed
into the search field as soon as it is there, and the clock stops when the next frame after the
list has changed is drawn.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from _bench import ROOT, judged, print_table, say, scratch, seconds_of
from playwright.sync_api import Browser

from ci_tools.report.html import html_page
from ci_tools.report.markdown import RunFacts
from ci_tools.report.trace import trace_json

sys.path.insert(0, str(ROOT / "tests"))
from browser.chromium import browser  # the tests' own way to a Chromium
from browser.reports import red

TESTS = 100_000
ROUNDS = 5
BAR_S = 2.0
BAR_MB = 10.0
SHAPES = ((8, 4), (64, 4), (256, 8))
FILTER = """async () => {
  const field = document.getElementById("q");
  const start = performance.now();
  field.value = "webhook survives 13";
  field.dispatchEvent(new Event("input"));
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return [performance.now() / 1000, (performance.now() - start) / 1000, document.getElementById("matches").textContent];
}"""


def main() -> None:
    """Print one table: per shape of run, seconds in Python, the page's size, seconds in the browser."""
    rows = []
    with scratch() as directory, browser() as chrome:
        for shards, workers in SHAPES:
            say(f"{TESTS:,} tests on {shards} shards of {workers} workers …")
            rows.append(_row(chrome, directory, shards, workers))
    header = (
        "shards × workers",
        "html_page",
        "trace_json",
        "page",
        "first filter (median of 5)",
        "worst",
        "each filter",
    )
    print_table(f"report.html of {TESTS:,} tests, 200 of them failed; bar: under {BAR_S} s", header, rows)


def _row(chrome: Browser, directory: Path, shards: int, workers: int) -> list[str]:
    report = red(TESTS, shards=shards, workers=workers, failures=200)
    start_s = time.perf_counter()
    text = html_page(report, facts=RunFacts())
    html_s = time.perf_counter() - start_s
    path = directory / f"report-{shards}.html"
    path.write_text(text, encoding="utf-8")
    measured = [_first_filter(chrome, path) for _ in range(ROUNDS)]
    usable_s = [first_s for first_s, _ in measured]
    return [
        f"{shards} × {workers}",
        f"{html_s:.1f} s",
        f"{seconds_of(lambda: trace_json(report)):.1f} s",
        judged(len(text.encode()) / 1e6, BAR_MB, 1, " MB"),
        judged(statistics.median(usable_s), BAR_S, 2, " s"),
        f"{max(usable_s):.2f} s",
        f"{statistics.median(filter_s for _, filter_s in measured) * 1000:.0f} ms",
    ]


def _first_filter(chrome: Browser, path: Path) -> tuple[float, float]:
    """Return seconds from navigation to the filtered list on screen, and those of the filter alone."""
    context = chrome.new_context()
    page = context.new_page()
    page.goto(f"file://{path}", wait_until="commit")
    page.wait_for_selector("html[data-ready]", state="attached")
    first_s, filter_s, matches = page.evaluate(FILTER)
    context.close()
    if " of " not in matches:
        sys.exit(f"the list was not filtered: {matches}")
    return first_s, filter_s


if __name__ == "__main__":
    main()
