"""From all that rules found to what a project wants to hear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from ci_tools.audit.baseline import stale, without_known
from ci_tools.audit.finding import Finding
from ci_tools.audit.ignores import Ignore, ignores_in, no_good, set_aside
from ci_tools.audit.judged import By, Judged, Remark
from ci_tools.audit.readiness import readiness_of
from ci_tools.audit.rules.cit102_fixed_port import references
from ci_tools.audit.settings import Settings, configured
from ci_tools.audit.suite import Suite
from ci_tools.formats.audit_baseline_json import Known


def judge(
    found: Sequence[Finding],
    suite: Suite,
    settings: Settings,
    *,
    known_rules: Sequence[str],
    baseline: Mapping[Known, int],
    baseline_file: str = "",
    covers: Callable[[Known], bool] = lambda entry: True,
    remarks: Sequence[Remark] = (),
) -> Judged:
    """Return the findings that count, apart from those that comments, the configuration and the baseline set aside.

    Tests are ready by what counts and by what is in the baseline: known is not mended. `covers` says whether an entry
    of the baseline was looked for; `remarks` are those of reading.
    """
    ignores = _ignores(suite)
    counted, by_configuration = configured(found, settings)
    visible, by_comment = set_aside(counted, ignores, strict=settings.strict)
    new, by_baseline = without_known(visible, Counter(baseline))
    said = [
        *remarks,
        *no_good(found, ignores, rules=settings.rules, known=known_rules, strict=settings.strict),
        *stale(by_baseline, Counter(baseline), file=baseline_file, covers=covers),
    ]
    aside = sorted([*by_configuration, *by_comment, *by_baseline], key=lambda one: _place(one.finding))
    return Judged(
        findings=tuple(sorted(new, key=_place)),
        aside=tuple(aside),
        remarks=tuple(said),
        readiness=readiness_of(suite, [*new, *(one.finding for one in aside if one.by is By.BASELINE)]),
        rules=settings.rules,
        n_files=len(suite.modules),
        mentions=tuple(references(suite)) if "CIT102" in settings.rules else (),
        lines={path: suite.modules[path].lines for path in {one.span.path for one in new}},
    )


def _ignores(suite: Suite) -> dict[str, tuple[Ignore, ...]]:
    ignores = {path: ignores_in(module.text) for path, module in suite.modules.items()}
    return {path: found for path, found in ignores.items() if found}


def _place(finding: Finding) -> tuple[str, int, int, str]:
    return finding.span.path, finding.span.line, finding.span.column, finding.rule
