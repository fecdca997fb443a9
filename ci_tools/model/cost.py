"""What a run cost: time on runners, and the money that it is worth, an estimate; and what its tests spent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from ci_tools.model.spending import Spending

GITHUB_HOSTED, SELF_HOSTED = "github-hosted", "self-hosted"

_WORD = re.compile(r"[\w.-]{0,32}", re.ASCII)
_USD = re.compile(r"(\d{1,18})(?:\.\d{1,6})?", re.ASCII)
# All of GitHub's standard runners are called that and a number; of a larger one the organization chooses the name.
_STANDARD_NAME = re.compile(r"GitHub Actions \d+", re.ASCII)
_MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """What a job ran on, as far as it says so: "", 0 and None are unknown.

    `os` and `arch` are RUNNER_OS and RUNNER_ARCH, `environment` is github-hosted or self-hosted.
    `is_public` is the repository's; `is_standard` says that it is no larger runner.
    """

    os: str = ""
    arch: str = ""
    cpus: int = 0
    environment: str = ""
    is_public: bool | None = None
    is_standard: bool | None = None


def runner_of(environ: Mapping[str, str], cpus: int | None, is_public: bool | None) -> Runner:
    """Return the runner that the environment of a job's step describes."""
    os, arch, environment = (word_of(environ.get(f"RUNNER_{name}", "")) for name in ("OS", "ARCH", "ENVIRONMENT"))
    name = environ.get("RUNNER_NAME", "")
    return Runner(
        os=os,
        arch=arch,
        cpus=cpus or 0,
        environment=environment,
        is_public=is_public,
        is_standard=bool(_STANDARD_NAME.fullmatch(name)) if name and environment == GITHUB_HOSTED else None,
    )


def word_of(text: str) -> str:
    """Return the text when it is a plain word of at most 32 characters, else ""."""
    return text if _WORD.fullmatch(text) else ""


def usd_of(text: str, *, digits: int = 6) -> Decimal | None:
    """Return dollars written as `12` or `0.006`, None for anything else and for more digits before the point."""
    match = _USD.fullmatch(text)
    return Decimal(text) if match and len(match[1]) <= digits else None


def dollars(usd: Decimal) -> str:
    """Return an amount as people say it: `$0.34`, `$1,200.00`, `under $0.01`."""
    return "under $0.01" if 0 < usd < Decimal("0.005") else f"${usd:,.2f}"


class PriceSource(str, Enum):
    """Who says what a minute costs."""

    LIST = "list"  # GitHub's price list, see model/prices.py
    OPTION = "option"  # --price-per-minute
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a minute of a runner costs. None is unpriced. `is_free` where the list price isn't charged."""

    usd_per_minute: Decimal | None = None
    is_free: bool = False
    source: PriceSource = PriceSource.UNKNOWN

    def usd(self, seconds: float) -> Decimal | None:
        """Return the list price of this time, exact to a millionth; None when unpriced."""
        if self.usd_per_minute is None:
            return None
        return (self.usd_per_minute * _ms(seconds) / 60_000).quantize(_MICRO)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerTime:
    """What one worker did between the shard's first test and its last."""

    worker: str
    busy_s: float
    idle_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardCost:
    """One job: one attempt of one shard.

    `setup_s` is from the job's start to the command's, None when unknown. `command_s` is made of
    `collection_s` (pytest's start to its first test), `tests_s` (first test's start to last one's
    end), `rerun_s` (failed tests in fresh processes) and `rest_s`. Of several pytest sessions in
    one command, the sums. `spending` is what its tests say that they spent, in no other sum.
    """

    shard: int
    shards: int
    attempt: int
    runner: Runner
    price: Price
    workers: int
    setup_s: float | None
    command_s: float
    collection_s: float
    tests_s: float
    rerun_s: float
    worker_times: tuple[WorkerTime, ...] = ()
    spending: Spending = field(default_factory=Spending)

    @property
    def rest_s(self) -> float:
        return max(0.0, round(self.command_s - self.collection_s - self.tests_s - self.rerun_s, 3))

    @property
    def job_s(self) -> float:
        """What is known of the job's time; what comes after the command isn't."""
        return (self.setup_s or 0.0) + self.command_s

    @property
    def billed_minutes(self) -> int:
        return billed_minutes(self.job_s)

    @property
    def lost_s(self) -> float:
        """What rounding up to whole minutes added."""
        return round(self.billed_minutes * 60 - self.job_s, 3)

    @property
    def usd(self) -> Decimal | None:
        return Decimal(0) if self.price.is_free else self.list_usd

    @property
    def list_usd(self) -> Decimal | None:
        """What it costs where it isn't free."""
        return self.price.usd(self.billed_minutes * 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a run is predicted to take on so many shards; `wall_s` with set-up."""

    shards: int
    wall_s: float
    billed_minutes: int
    usd: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCost:
    """All jobs of a run, sorted by shard and attempt: each attempt is billed.

    `uncounted` are (shard, attempt) that left no cost behind. `choices` are empty, or the run as
    it would be predicted now and then what might be better. `spending` is of all jobs, those
    uncounted too; `jobs` have none of their own here.
    """

    jobs: tuple[ShardCost, ...]
    uncounted: tuple[tuple[int, int], ...] = ()
    choices: tuple[Choice, ...] = ()
    spending: Spending = field(default_factory=Spending)

    @property
    def billed_minutes(self) -> int:
        return sum(job.billed_minutes for job in self.jobs)

    @property
    def is_free(self) -> bool:
        return bool(self.jobs) and all(job.price.is_free for job in self.jobs)

    @property
    def knows_setup(self) -> bool:
        return all(job.setup_s is not None for job in self.jobs)

    @property
    def usd(self) -> Decimal | None:
        """What the counted jobs cost; None when one of them is unpriced."""
        return self._sum(lambda job: job.usd)

    @property
    def list_usd(self) -> Decimal | None:
        """What they would cost if nothing were free."""
        return self._sum(lambda job: job.list_usd)

    @property
    def setup_usd(self) -> Decimal | None:
        """How much of the list price is set-up, as far as it is known."""
        return self._sum(lambda job: job.price.usd(job.setup_s or 0.0))

    @property
    def rounding_usd(self) -> Decimal | None:
        """How much of the list price is lost to whole minutes."""
        return self._sum(lambda job: job.price.usd(job.lost_s))

    def _sum(self, part: Callable[[ShardCost], Decimal | None]) -> Decimal | None:
        parts = [part(job) for job in self.jobs]
        known = [usd for usd in parts if usd is not None]
        return sum(known, Decimal(0)) if known and len(known) == len(parts) else None


def billed_minutes(seconds: float) -> int:
    """Return whole minutes, at least one: GitHub rounds each job up."""
    return max(1, -(-_ms(seconds) // 60_000))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
