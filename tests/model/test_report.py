"""What a policy excuses: failed tests, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bundles import attempt, bundle, plan_of_files

from ci_tools.merge.judge import merge
from ci_tools.model.report import Conclusion, Report, ShardState
from ci_tools.model.verdict import Cause, Judgement

A = "a.py::test_a"
PLAN = plan_of_files(["a.py"])
FAILED = merge([bundle(PLAN, 1, [attempt(A, "failed")])], PLAN)


def judged(cause: Cause, fail_on: str) -> Report:
    return replace(FAILED, judgements=(Judgement(nodeid=A, cause=cause),), fail_on=fail_on)


@pytest.mark.parametrize("cause", Cause)
def test_any_failure_is_a_no_new_ones_are_or_none_is(cause: Cause) -> None:
    codes = [judged(cause, policy).exit_code for policy in ("any", "new", "never")]
    assert codes == [1, 0 if cause in (Cause.FLAKY, Cause.BASE, Cause.QUARANTINED) else 1, 0]


@pytest.mark.parametrize("policy", ["new", "never"])
def test_no_policy_excuses_a_missed_threshold_or_what_is_not_proved(policy: str) -> None:
    known = judged(Cause.BASE, policy)
    (shard,) = known.shards
    assert shard.state is ShardState.RED
    assert replace(known, shards=(replace(shard, reason="coverage"),)).exit_code == 1
    assert replace(known, conclusion=Conclusion.INCOMPLETE).exit_code == 3
