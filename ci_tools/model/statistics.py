"""What counts prove: is one share larger than another, how many runs a promise takes, when enough is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, comb, log, log1p

from ci_tools.model.rates import DOUBT

RARE, OFTEN = 0.01, 0.10  # a suite that is red so seldom can be lived with; so often, it can't


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`bad` of `n`."""

    bad: int
    n: int

    def __add__(self, other: Share) -> Share:
        return Share(bad=self.bad + other.bad, n=self.n + other.n)


def fisher(more: Share, less: Share) -> float:
    """Return the chance of so many bad ones in `more`, or still more of them, if both had the same true share.

    Exact, one-sided; 1.0 where either is empty. Source: Fisher (1935), The Design of Experiments, §21.
    """
    bad, n = more.bad + less.bad, more.n + less.n
    ways = sum(comb(more.n, k) * comb(less.n, bad - k) for k in range(more.bad, min(bad, more.n) + 1))
    return ways / comb(n, bad)


def least_p(more: Share, less: Share) -> float:
    """Return the smallest value that `fisher` can have for so many bad ones in both together."""
    bad = more.bad + less.bad
    most = min(bad, more.n)
    return fisher(Share(bad=most, n=more.n), Share(bad=bad - most, n=less.n))


def benjamini_hochberg(chances: Sequence[float]) -> tuple[float, ...]:
    """Return each chance as the share of false discoveries among all that are at least as small.

    Source: Benjamini, Hochberg (1995), https://doi.org/10.1111/j.2517-6161.1995.tb02031.x
    """
    ranked = sorted(range(len(chances)), key=lambda index: chances[index], reverse=True)
    adjusted, least = [1.0] * len(chances), 1.0
    for place, index in enumerate(ranked):
        least = min(least, chances[index] * len(chances) / (len(chances) - place))
        adjusted[index] = least
    return tuple(adjusted)


def discoveries(pairs: Sequence[tuple[Share, Share]]) -> tuple[float | None, ...]:
    """Return, for each (more, less), Fisher's chance adjusted for how many were looked at.

    None where so few bad ones could prove nothing however they fall: such a pair isn't among those looked
    at. That is known before looking at how they fall, so nothing is gained by it unduly.
    Source: Gilbert (2005), https://doi.org/10.1111/j.1467-9876.2005.00475.x
    """
    looked = [index for index, (more, less) in enumerate(pairs) if least_p(more, less) <= DOUBT]
    values = benjamini_hochberg([fisher(*pairs[index]) for index in looked])
    by_index = dict(zip(looked, values))
    return tuple(by_index.get(index) for index in range(len(pairs)))


def runs_for(share: float) -> int:
    """Return how many runs without a failure prove, with 95 % confidence, that it fails in less than this share."""
    return ceil(log(DOUBT) / log1p(-share))


def chance_to_miss(share: float, n: int) -> float:
    """Return the chance that what fails in this share of runs fails in none of n."""
    return float((1 - share) ** n)


def enough(red: int, n: int) -> str:
    """Return what a sequential test has found out after n runs, "" as long as it goes on.

    Wald's, of RARE against OFTEN, wrong in 5 % of cases either way.
    Source: Wald (1945), https://doi.org/10.1214/aoms/1177731118
    """
    bound = log((1 - DOUBT) / DOUBT)
    weight = red * log(OFTEN / RARE) + (n - red) * (log1p(-OFTEN) - log1p(-RARE))
    if weight >= bound:
        return "it is red in 10 % of runs rather than in 1 %"
    return "it is red in 1 % of runs rather than in 10 %" if weight <= -bound else ""
