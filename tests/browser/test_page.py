"""`report.html` in a real browser: what a reader, a keyboard, a screen reader and a hostile test can do with it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser.axe import findings
from browser.chromium import ACTION_TIMEOUT_S, executable
from browser.reports import green, red, spending
from playwright.sync_api import Browser, Page

from ci_tools.model.report import CaseResult, Conclusion, Report
from ci_tools.model.run import Attempt, Outcome
from ci_tools.report.columns import MAX_TESTS
from ci_tools.report.html import html_page
from ci_tools.report.markdown import RunFacts
from ci_tools.report.reproduce import is_pasteable

FACTS = RunFacts(
    key="py3.12", run_url="https://github.com/org/repo/actions/runs/7/attempts/2", attempt=2, sha="4d6e3b0f" * 5
)
SHOWN = "#rows tbody tr[aria-rowindex]"
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Report, int], Path]:
    """Write a report's page once, however many tests look at it."""
    written: list[tuple[Report, int, Path]] = []
    directory = tmp_path_factory.mktemp("pages")

    def file(report: Report, max_tests: int) -> Path:
        for known, limit, path in written:
            if known is report and limit == max_tests:
                return path
        path = directory / f"report-{len(written)}.html"
        cost = {"cost_lines": ("$0.02 in 4 billed minutes",), "spending": spending(report, HOSTILE)}
        path.write_text(html_page(report, facts=FACTS, **cost, max_tests=max_tests), encoding="utf-8")
        written.append((report, max_tests, path))
        return path

    return file


@pytest.fixture
def opened(chrome: Browser, files: Callable[[Report, int], Path]) -> Iterator[Open]:
    """Open a page from its file; afterwards the browser must have had nothing to complain of or to fetch."""
    said: list[str] = []
    contexts = []

    def open_(report: Report, hash_: str = "", max_tests: int = MAX_TESTS, **options: object) -> Page:
        context = chrome.new_context(reduced_motion="reduce", **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(1000 * ACTION_TIMEOUT_S)
        url = f"file://{files(report, max_tests)}"
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"uncaught: {error}"))
        page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        page.on(
            "request", lambda request: said.append(f"request: {request.url}") if _is_another(request.url, url) else None
        )
        page.goto(url + hash_)
        if options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-ready]", state="attached")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert said == []


def _is_another(address: str, url: str) -> bool:
    return not address.startswith((url, "data:"))


def _names(page: Page) -> list[str]:
    return page.locator(f"{SHOWN} a").all_inner_texts()


def _status(page: Page) -> str:
    return page.locator("#matches").inner_text()


def _open_test(page: Page) -> str:
    """Return the id of the test whose pane is open, once one is: an address is followed a moment later."""
    return page.locator("#detail[open] #d-name").inner_text().replace("\n", "")


RED, GREEN = red(), green(60)


def test_the_verdict_comes_first_and_nothing_is_fetched(opened: Open) -> None:
    page = opened(RED)
    assert page.locator("h1").inner_text().startswith("3 new failures · 1 environment-specific failure")
    assert page.title() == "3 new failures · py3.12"
    facts = dict(zip(page.locator("dl dt").all_inner_texts(), page.locator("dl dd").all_inner_texts()))
    assert facts == {
        "Conclusion": "incomplete",
        "Policy": "fail-on: new",
        "Key": "py3.12",
        "Commit": "4d6e3b0",
        "Attempt": "2",
        "Run": "7",
        "Plan": "ab12ab12ab12",
    }
    order = page.locator("#failures h3").evaluate_all("all => all.map(h => h.firstChild.textContent.trim())")
    assert order == [
        *("New failures", "New tests that fail", "Only in this environment", "Infrastructure"),
        *("Known flaky", "Also red on the base", "Quarantined"),
    ]
    assert opened(GREEN).locator("h1").inner_text().endswith("passed, each exactly once")


def test_without_javascript_all_but_the_list_is_there(opened: Open) -> None:
    page = opened(RED, java_script_enabled=False)
    assert page.locator("#failures .card").count() == 9
    assert page.locator("#failures pre").first.is_visible()
    page.locator("#failures .card").nth(1).locator("summary").click()
    assert "assert '30.00' == '29.97'" in page.locator("#failures .card").nth(1).locator("pre").inner_text()
    for section in ("#flaky", "#missing", "#changes", "#shards", "#slowest", "#cost", "#spending"):
        assert page.locator(section).is_visible(), section
    assert page.locator("#explorer").is_hidden()
    assert page.locator("#tests noscript p").is_visible()
    assert page.locator("button:visible").count() == 0


def test_search_and_filters_narrow_the_list_and_the_address_says_so(opened: Open) -> None:
    page = opened(RED)
    assert _status(page) == f"400 tests, {len(RED.not_run)} of them not run"
    page.fill("#q", "CART is_created")
    assert all("cart" in name.lower() and "is_created" in name for name in _names(page))
    n_found = len(_names(page))
    assert _status(page) == f"{n_found} of 400 tests" and 0 < n_found < 40
    assert page.evaluate("location.hash") == "#q=CART%20is_created"
    page.click("#clear")
    assert _status(page) == f"400 tests, {len(RED.not_run)} of them not run" and page.evaluate("location.hash") == ""
    page.get_by_role("button", name="failed 8").click()
    page.get_by_role("button", name="crashed 1").click()
    assert _status(page) == "9 of 400 tests"
    page.select_option("#cause", "known flaky")
    assert _status(page) == "2 of 400 tests"
    assert page.evaluate("location.hash") == "#cause=known%20flaky&outcome=failed%2Ccrashed"
    page.fill("#file", "no/such/file.py")
    assert _status(page) == "0 of 400 tests" and page.locator("#none").inner_text() == "No test matches."


def test_columns_sort_both_ways_and_say_so(opened: Open) -> None:
    page = opened(RED)

    def seconds() -> list[str]:
        return page.locator(f"{SHOWN} .c-time").all_inner_texts()[:5]

    page.get_by_role("button", name="Time").click()
    slowest = seconds()
    assert page.locator("th.c-time").get_attribute("aria-sort") == "descending"
    assert _names(page)[:5] == page.locator("#slowest ol").nth(1).locator("a").all_inner_texts()[:5]
    page.get_by_role("button", name="Time").click()
    assert page.locator("th.c-time").get_attribute("aria-sort") == "ascending"
    assert seconds() != slowest
    page.get_by_role("button", name="Test", exact=True).click()
    names = _names(page)
    assert names == sorted(names) and len(names) > 10


def test_a_link_opens_its_test_and_leads_back_to_the_same_view(opened: Open) -> None:
    page = opened(RED)
    page.fill("#q", "invoice")
    page.get_by_role("button", name="Test", exact=True).click()
    name = _names(page)[2]
    page.locator(f"{SHOWN} a").nth(2).click()
    assert _open_test(page) == name
    again = opened(RED, page.evaluate("location.hash"))
    assert _open_test(again) == name
    assert again.locator("#q").input_value() == "invoice"
    assert again.locator("th.c-name").get_attribute("aria-sort") == "ascending"
    again.keyboard.press("Escape")
    assert again.evaluate("location.hash") == "#q=invoice&sort=name"
    page.go_back()
    page.wait_for_selector("#detail", state="hidden")
    gone = opened(RED, "#test=tests%2Fgone.py%3A%3Atest_x")
    assert _open_test(gone) == "No such test here"


def test_a_keyboard_reaches_everything(opened: Open) -> None:
    page = opened(RED)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the results"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("/")
    page.keyboard.type("order")
    assert _status(page).endswith(" of 400 tests")
    page.locator("#rows").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    name = _names(page)[2]
    assert page.evaluate("document.activeElement.title") == name
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name=name.partition("::")[2]).wait_for()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.title") == name
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.title") == page.locator(f"{SHOWN} a").last.get_attribute("title")
    page.locator("#failures .card summary").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.locator("#failures .card").nth(1).get_attribute("open") is not None


def test_the_theme_follows_the_system_until_told_otherwise(opened: Open) -> None:
    def ground(page: Page) -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    page = opened(RED, color_scheme="light")
    light = ground(page)
    page.emulate_media(color_scheme="dark")
    dark = ground(page)
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(15, 17, 21)")
    page.click("#theme")
    assert ground(page) == light
    page.reload()
    assert page.locator("#theme").inner_text() == "Theme: light" and ground(page) == light


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened: Open, scheme: str) -> None:
    page = opened(RED, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert findings(page) == []
    page.locator(f"{SHOWN} a").first.click()
    assert findings(page) == []


def test_axe_would_find_something(opened: Open) -> None:
    page = opened(GREEN)
    page.evaluate("document.querySelector('#theme').textContent = ''")
    assert [finding.partition(":")[0] for finding in findings(page)] == ["button-name"]


def test_axe_finds_nothing_serious_on_a_small_screen(opened: Open) -> None:
    assert findings(opened(RED, viewport={"width": 390, "height": 800})) == []


def test_the_page_fits_a_small_screen(opened: Open) -> None:
    page = opened(RED, viewport={"width": 390, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


HOSTILE = (
    "tests/a.py::test_script[</script><script>alert(1)</script>]",
    "tests/a.py::test_comment[<!--<script>]",
    "tests/a.py::test_image[<img src=x onerror=alert(2)>]",
    "tests/a.py::test_quotes['\"`${alert(3)}]",
    "tests/a.py::test_bidi[\u202egnp.exe\u2066]",
    "tests/a.py::test_ansi[\x1b[31mred\x1b]8;;https://example.com\x07]",
    "tests/a.py::test_surrogate[\ud800 \u2028 \0 &amp; %00 #x=y&test=z]",
    "tests/a.py::test_template[{{ 7 * 7 }}{% raw %}]",
    "javascript:alert(4)//.py::test_url",
)


def _hostile(nodeid: str) -> CaseResult:
    text = f"{nodeid}\n" + "E   " + "<b>x</b>\u202e" * 130_000 + "\n</pre></script><script>alert(5)</script>"
    attempt = Attempt(
        nodeid=nodeid, outcome=Outcome.FAILED, worker="<b>gw0", start_s=1.0, message=nodeid, text=text, location=nodeid
    )
    return CaseResult(nodeid=nodeid, shard=1, attempts=((1, attempt), (1, replace(attempt, rerun=1))))


def test_hostile_text_is_text(opened: Open) -> None:
    cases = tuple(sorted(map(_hostile, HOSTILE), key=lambda case: case.nodeid))
    report = replace(GREEN, conclusion=Conclusion.FAILED, reasons=HOSTILE, cases=cases, lost=HOSTILE, notes=HOSTILE)
    page = opened(report)
    assert page.locator("script").count() == 2 and page.locator("img").count() == 0 and page.locator("b").count() == 0
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    shown = page.locator("body").inner_text()
    assert not re.search(
        r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2066-\u2069\ud800-\udfff]", shown
    )
    assert r"test_bidi[\u202egnp.exe\u2066]" in shown and "{{ 7 * 7 }}" in shown
    for place in range(len(HOSTILE)):
        page.locator(f"{SHOWN} a").nth(place).click()
        name = _open_test(page)
        assert name == page.locator(f"{SHOWN} a").nth(place).get_attribute("title")
        assert "characters left out" in page.locator("#detail pre").first.inner_text()
        commands = page.locator("#detail code.command").all_inner_texts()
        assert commands == ([f"python -m pytest {shlex.quote(name)}"] if is_pasteable(name) and name in HOSTILE else [])
        page.keyboard.press("Escape")
    assert all(link.startswith(("#", "https://github.com/org/repo/")) for link in _links(page))


def _links(page: Page) -> list[str]:
    links: list[str] = page.eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href'))")
    return links


def test_a_picture_of_the_shards_answers_to_mouse_and_keyboard(opened: Open) -> None:
    page = opened(RED)
    canvas = page.locator("#lanes canvas")
    canvas.scroll_into_view_if_needed()
    page.wait_for_selector("#lanes canvas[width]")
    canvas.focus()
    page.keyboard.press("0")
    whole = canvas.screenshot()
    page.keyboard.press("+")
    assert canvas.screenshot() != whole
    page.click("#zoom-all")
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 26 + 9)
    assert re.search(r"::test_.*\n\w+ · ", page.locator("#tip").inner_text())
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 26 + 9)
    assert "::test_" in _open_test(page)


def test_a_hundred_thousand_tests_make_a_few_rows(opened: Open) -> None:
    page = opened(green(100_000, shards=32, workers=4))
    assert _status(page) == "100,000 tests"
    assert page.locator("#rows table").get_attribute("aria-rowcount") == "100001"
    most = page.evaluate(
        """async () => {
          const box = document.getElementById("rows");
          let most = 0;
          for (let step = 0; step <= 20; step++) {
            box.scrollTop = (box.scrollHeight * step) / 20;
            await new Promise(requestAnimationFrame);
            await new Promise(requestAnimationFrame);
            most = Math.max(most, box.querySelectorAll("tr").length);
          }
          return most;
        }"""
    )
    assert 10 < most < 200
    assert page.locator(SHOWN).last.get_attribute("aria-rowindex") == "100001"
    page.fill("#q", "webhook survives 13")
    assert re.fullmatch(r"[\d,]+ of 100,000 tests", _status(page))


def test_of_too_many_tests_some_are_here_and_the_picture_has_all(opened: Open) -> None:
    page = opened(RED, max_tests=100)
    assert page.locator("#tests > p").first.inner_text().startswith("This run has more than 100 tests.")
    assert re.fullmatch(r"\d\d tests that are here, 12 of them not run", _status(page))
    page.locator("#lanes canvas").scroll_into_view_if_needed()
    page.wait_for_selector("#lanes canvas[width]")
    green_pixels = page.evaluate(
        """() => {
          const canvas = document.querySelector("#lanes canvas");
          const { data } = canvas.getContext("2d").getImageData(0, 30, canvas.width, 60);
          let count = 0;
          for (let i = 0; i < data.length; i += 4) count += data[i + 1] > data[i] + 40;
          return count / (data.length / 4);
        }"""
    )
    assert green_pixels > 0.2


def test_on_paper_all_failures_are_open_and_the_controls_are_gone(opened: Open) -> None:
    page = opened(RED)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("#failures .card:not([open])").count() == 0
    assert page.locator("button:visible, #explorer:visible, nav:visible").count() == 0
    assert page.pdf().startswith(b"%PDF")


def test_results_from_junit_files_need_neither_plan_nor_time(opened: Open) -> None:
    case = replace(RED.bad[0], shard=0)
    case = replace(case, attempts=tuple((1, replace(attempt, start_s=0.0)) for _, attempt in case.attempts))
    report = replace(RED, plan_digest="", certificate=None, shards=(), cases=(case,), not_run=(), changes=None)
    page = opened(report)
    assert page.locator("#timeline").count() == 0 and page.locator("#shards").count() == 0
    assert _status(page) == "1 test"


def test_where_no_chromium_can_be_had_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssertionError) as caught:
        executable()
    assert str(caught.value) == (
        "no chromium or chromium-browser or google-chrome on PATH, and no apt-get: install Chromium yourself"
    )
    (tmp_path / "apt-get").write_text('#!/bin/sh\necho "E: no network ($*)"; exit 100\n')
    (tmp_path / "apt-get").chmod(0o755)
    with pytest.raises(AssertionError, match=r"no Chromium, and apt-get can't install it\n.*\nE: no network"):
        executable()


@pytest.mark.parametrize("sort", ["__proto__", "constructor", "-toString", "gone"])
def test_an_order_that_nobody_knows_is_the_usual_one(opened: Open, sort: str) -> None:
    page = opened(RED, f"#sort={sort}")
    assert page.locator("#rows th[aria-sort=ascending]").inner_text() == "Outcome"
    assert _names(page) == _names(opened(RED))
