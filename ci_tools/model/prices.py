"""What GitHub charges for a minute of its runners, by a dated list.

Source: https://docs.github.com/en/billing/reference/actions-runner-pricing
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ci_tools.model.cost import GITHUB_HOSTED, SELF_HOSTED, Price, PriceSource, Runner

LISTED = "2026-01-01"

Rates = Mapping[tuple[str, str], Mapping[int, str]]

# By (RUNNER_OS, RUNNER_ARCH) and CPUs. A standard runner has 4 CPUs in a public repository and 2
# in a private one: of the former the list price is the latter's.
STANDARD: Rates = {
    ("Linux", "X64"): {1: "0.002", 2: "0.006", 4: "0.006"},
    ("Linux", "ARM64"): {2: "0.005", 4: "0.005"},
    ("Windows", "X64"): {2: "0.010", 4: "0.010"},
    ("Windows", "ARM64"): {2: "0.008", 4: "0.008"},
    ("macOS", "X64"): {4: "0.062"},
    ("macOS", "ARM64"): {3: "0.062"},
}
# Runners with a GPU look like those without one and cost more: that takes --price-per-minute.
LARGER: Rates = {
    ("Linux", "X64"): {
        2: "0.006", 4: "0.012", 8: "0.022", 16: "0.042", 32: "0.082", 64: "0.162", 96: "0.252"
    },
    ("Linux", "ARM64"): {2: "0.005", 4: "0.008", 8: "0.014", 16: "0.026", 32: "0.050", 64: "0.098"},
    ("Windows", "X64"): {4: "0.022", 8: "0.042", 16: "0.082", 32: "0.162", 64: "0.322", 96: "0.552"},
    ("Windows", "ARM64"): {2: "0.008", 4: "0.014", 8: "0.026", 16: "0.050", 32: "0.098", 64: "0.194"},
    ("macOS", "X64"): {12: "0.077"},
    ("macOS", "ARM64"): {5: "0.102"},
}  # fmt: skip


def price_of(runner: Runner, usd_per_minute: Decimal | None = None) -> Price:
    """Return what a minute of the runner costs: what the user says, else the list, else unpriced.

    Standard runners are free for public repositories, larger ones never.
    """
    if usd_per_minute is not None:
        return Price(usd_per_minute=usd_per_minute, source=PriceSource.OPTION)
    if why_unpriced(runner):
        return Price()
    is_standard = _is_standard(runner)
    rate = _rates(runner, is_standard=is_standard)[runner.cpus]
    return Price(usd_per_minute=Decimal(rate), is_free=bool(is_standard and runner.is_public), source=PriceSource.LIST)


def why_unpriced(runner: Runner) -> str:
    """Return why the list has no price for a runner, "" when it has one."""
    if runner.environment == SELF_HOSTED:
        return "a self-hosted runner is on no price list"
    if runner.environment != GITHUB_HOSTED:
        return "not a GitHub runner"
    if runner.is_public is None:
        return "it is unknown whether the repository is public"
    is_standard = _is_standard(runner)
    if is_standard is None:
        return "it is unknown whether the runner is a standard one, free for public repositories, or a larger one"
    if runner.cpus not in _rates(runner, is_standard=is_standard):
        return f"GitHub's price list of {LISTED} has no runner {runner.os} {runner.arch} with {runner.cpus} CPUs"
    return ""


def _is_standard(runner: Runner) -> bool | None:
    """Say whether it is a standard runner: by its size, else its name; None when neither tells.

    Private repositories get a size as a standard runner that is sold as a larger one in public ones.
    """
    is_listed = [runner.cpus in _rates(runner, is_standard=is_standard) for is_standard in (True, False)]
    if is_listed == [True, False] or is_listed == [False, True]:
        return is_listed[0]
    if runner.is_standard is None and not runner.is_public:
        return runner.cpus <= 2
    return runner.is_standard


def _rates(runner: Runner, *, is_standard: bool | None) -> Mapping[int, str]:
    return (STANDARD if is_standard else LARGER).get((runner.os, runner.arch), {})
