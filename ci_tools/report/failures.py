"""The failing tests of a run, apart by what they ask of the reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ci_tools.model.report import CaseResult, Report
from ci_tools.model.verdict import Cause, Judgement

ORDER = {cause: place for place, cause in enumerate(Cause)}  # what asks most of the reader first


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """All failures of a run, with a judgement of each by node id.

    `needing` are those whose cause isn't known from before, new ones first; `known` are flaky, red on the base too,
    and quarantined, in this order.
    """

    needing: tuple[CaseResult, ...]
    known: tuple[CaseResult, ...]
    judgements: Mapping[str, Judgement]

    @property
    def is_judged(self) -> bool:
        """Whether anything is known of the cause of one that needs somebody."""
        return any(self.cause(case) is not Cause.NOT_COMPARED for case in self.needing)

    def most_telling(self, limit: int) -> Sequence[CaseResult]:
        """Return `needing`; of more than `limit` those first, within each cause, that say something else."""
        if len(self.needing) <= limit:
            return self.needing
        return sorted(different_first(self.needing), key=lambda case: ORDER[self.cause(case)])

    def cause(self, case: CaseResult) -> Cause:
        """Return the cause of one of them."""
        return self.judgements[case.nodeid].cause


def different_first(cases: Sequence[CaseResult]) -> list[CaseResult]:
    """Return the first test of each message, then the others: ten times the same says little."""
    first = {_said(case): case.nodeid for case in reversed(cases)}
    return sorted(cases, key=lambda case: first[_said(case)] != case.nodeid)


def _said(case: CaseResult) -> str:
    return case.final.message.partition("\n")[0]


def failures_of(report: Report) -> Failures:
    """Return the failures; nobody compared those that the report has no judgement of."""
    given = {judgement.nodeid: judgement for judgement in report.judgements}
    bad = report.bad
    none = Cause.NOT_COMPARED
    of = {case.nodeid: given.get(case.nodeid) or Judgement(nodeid=case.nodeid, cause=none) for case in bad}
    ordered = sorted(bad, key=lambda case: ORDER[of[case.nodeid].cause])
    return Failures(
        needing=tuple(case for case in ordered if not of[case.nodeid].cause.is_known),
        known=tuple(case for case in ordered if of[case.nodeid].cause.is_known),
        judgements=of,
    )
