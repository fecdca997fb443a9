"""What a run cost: every attempt of every shard is a job, and each job is billed."""

from __future__ import annotations

from collections.abc import Sequence

from ci_tools.model.bundle import Bundle
from ci_tools.model.cost import RunCost, ShardCost


def run_cost(bundles: Sequence[Bundle]) -> RunCost:
    """Return the cost of all jobs, those that decide nothing any more included.

    Two bundles of one attempt count once. A bundle whose cost isn't of its own shard counts as
    one without.
    """
    jobs: dict[tuple[int, int], list[ShardCost]] = {}
    for bundle in bundles:
        if bundle.shard:
            jobs.setdefault((bundle.shard, bundle.attempt), []).extend(_own_cost(bundle))
    return RunCost(
        jobs=tuple(max(jobs[place], key=repr) for place in sorted(jobs) if jobs[place]),
        uncounted=tuple(place for place in sorted(jobs) if not jobs[place]),
    )


def _own_cost(bundle: Bundle) -> list[ShardCost]:
    cost = bundle.cost
    is_own = cost and (cost.shard, cost.shards, cost.attempt) == (bundle.shard, bundle.shards, bundle.attempt)
    return [cost] if cost and is_own else []
