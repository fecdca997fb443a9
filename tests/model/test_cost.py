"""Runners, their prices by GitHub's dated list, and what minutes cost."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from ci_tools.model.cost import Price, PriceSource, Runner, billed_minutes, dollars, runner_of, usd_of
from ci_tools.model.prices import LARGER, STANDARD, price_of, why_unpriced

HOSTED = {
    "RUNNER_OS": "Linux",
    "RUNNER_ARCH": "X64",
    "RUNNER_ENVIRONMENT": "github-hosted",
    "RUNNER_NAME": "GitHub Actions 1000000042",
}
OWN_NAME = {"RUNNER_NAME": "big-ubuntu_4f1c"}


def test_a_runner_is_read_from_the_environment_of_a_step() -> None:
    assert runner_of(HOSTED, 4, True) == Runner(
        os="Linux", arch="X64", cpus=4, environment="github-hosted", is_public=True, is_standard=True
    )
    assert runner_of({**HOSTED, **OWN_NAME}, 4, True).is_standard is False
    assert runner_of({}, None, None) == Runner()


def test_a_self_hosted_runner_keeps_its_name_to_itself() -> None:
    self_hosted = {**HOSTED, "RUNNER_ENVIRONMENT": "self-hosted", "RUNNER_NAME": "GitHub Actions 1"}
    assert runner_of(self_hosted, 2, False).is_standard is None


@pytest.mark.parametrize("text", ["<b>", "a b", "a\n", "x" * 33, "é"])
def test_what_is_no_plain_word_is_unknown(text: str) -> None:
    assert runner_of({"RUNNER_OS": text, "RUNNER_ARCH": text, "RUNNER_ENVIRONMENT": text}, 1, None).os == ""


@pytest.mark.parametrize(
    ("environ", "cpus", "is_public", "usd", "is_free"),
    [
        ({}, 4, True, "0.006", True),
        ({}, 2, False, "0.006", False),
        ({}, 1, False, "0.002", False),
        ({}, 1, True, "0.002", True),
        (OWN_NAME, 4, True, "0.012", False),
        (OWN_NAME, 4, False, "0.012", False),
        ({"RUNNER_NAME": ""}, 4, False, "0.012", False),
        ({"RUNNER_NAME": ""}, 2, False, "0.006", False),
        ({"RUNNER_NAME": ""}, 64, True, "0.162", False),
        ({"RUNNER_ARCH": "ARM64"}, 4, True, "0.005", True),
        ({"RUNNER_ARCH": "ARM64", **OWN_NAME}, 64, False, "0.098", False),
        ({"RUNNER_OS": "Windows"}, 2, False, "0.010", False),
        ({"RUNNER_OS": "Windows", **OWN_NAME}, 96, True, "0.552", False),
        ({"RUNNER_OS": "macOS", "RUNNER_ARCH": "ARM64"}, 3, True, "0.062", True),
        ({"RUNNER_OS": "macOS", "RUNNER_ARCH": "ARM64"}, 5, True, "0.102", False),
        ({"RUNNER_OS": "macOS"}, 4, False, "0.062", False),
        ({"RUNNER_OS": "macOS"}, 12, True, "0.077", False),
    ],
)
def test_a_listed_runner_has_its_price(
    environ: Mapping[str, str], cpus: int, is_public: bool, usd: str, is_free: bool
) -> None:
    runner = runner_of({**HOSTED, **environ}, cpus, is_public)
    assert price_of(runner) == Price(usd_per_minute=Decimal(usd), is_free=is_free, source=PriceSource.LIST)


@pytest.mark.parametrize(
    ("environ", "cpus", "is_public", "why"),
    [
        ({"RUNNER_ENVIRONMENT": "self-hosted"}, 4, True, "a self-hosted runner is on no price list"),
        ({"RUNNER_ENVIRONMENT": ""}, 4, True, "not a GitHub runner"),
        ({}, 4, None, "it is unknown whether the repository is public"),
        (
            {"RUNNER_NAME": ""},
            4,
            True,
            "it is unknown whether the runner is a standard one, free for public repositories, or a larger one",
        ),
        ({}, 7, True, "GitHub's price list of 2026-01-01 has no runner Linux X64 with 7 CPUs"),
        ({"RUNNER_OS": "Plan9"}, 4, False, "GitHub's price list of 2026-01-01 has no runner Plan9 X64 with 4 CPUs"),
    ],
)
def test_an_unknown_price_is_none_and_says_why(
    environ: Mapping[str, str], cpus: int, is_public: bool | None, why: str
) -> None:
    runner = runner_of({**HOSTED, **environ}, cpus, is_public)
    assert (price_of(runner), why_unpriced(runner)) == (Price(), why)


def test_what_the_user_says_wins() -> None:
    own = Price(usd_per_minute=Decimal("0.5"), source=PriceSource.OPTION)
    assert price_of(runner_of(HOSTED, 4, True), Decimal("0.5")) == own
    assert price_of(Runner(), Decimal("0.5")) == own


def test_every_rate_of_the_list_is_a_price() -> None:
    rates = [usd for table in (STANDARD, LARGER) for sizes in table.values() for usd in sizes.values()]
    assert [usd for usd in rates if usd_of(usd) is None] == []


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(0, 1), (0.001, 1), (59.999, 1), (60, 1), (60.0004, 1), (60.001, 2), (3600, 60)]
)
def test_each_begun_minute_is_billed(seconds: float, minutes: int) -> None:
    assert billed_minutes(seconds) == minutes


@pytest.mark.parametrize(
    ("usd", "said"),
    [("0", "$0.00"), ("0.001", "under $0.01"), ("0.0049", "under $0.01"), ("0.006", "$0.01"), ("1234.5", "$1,234.50")],
)
def test_dollars_as_people_say_them(usd: str, said: str) -> None:
    assert dollars(Decimal(usd)) == said
