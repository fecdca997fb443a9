"""The starters are healthy, and each of their safeguards is missed when it is taken out."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_tools.cli.doctor import diagnosis_of

STARTERS = Path(__file__).parents[2] / "workflows"


def findings(root: Path, text: str) -> list[tuple[str, str]]:
    path = root / ".github" / "workflows" / "tests.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return [(finding.rule, finding.severity.value) for finding in diagnosis_of(root).findings]


@pytest.mark.parametrize("starter", sorted(STARTERS.glob("*.yml")), ids=lambda path: path.name)
def test_a_starter_is_healthy(starter: Path, tmp_path: Path) -> None:
    assert findings(tmp_path, starter.read_text()) == []


@pytest.mark.parametrize(
    ("safeguard", "instead", "found"),
    [
        ("      fail-fast: false\n", "", ("fail-fast", "warning")),
        ("    if: ${{ !cancelled() }}\n", "", ("fan-in-if", "error")),
        (
            "          plan: ${{ needs.plan.outputs.plan-id }}\n          pytest",
            "          pytest",
            ("plan-by-name", "warning"),
        ),
        ("      pull-requests: write", "      contents: read", ("permissions", "warning")),
        ("deadline-minutes: 25", "deadline-minutes: 30", ("timeout", "warning")),
        ("python -m pytest # (4)", "python -m pytest --maxfail=5 # (4)", ("stops-early", "error")),
        ("python -m pytest # (4)", "python -m pytest -p no:xdist # (4)", ("workers", "warning")),
        ("python -m pytest # (4)", "make tox && tox # (4)", ("tox-pass-env", "error")),
        ("python -m pytest # (4)", "pytest --cov-fail-under=9 # (4)", ("coverage-threshold", "error")),
        ("  pull_request:\n", "  pull_request_target:\n", ("pull-request-target", "warning")),
    ],
)
def test_a_safeguard_is_missed(safeguard: str, instead: str, found: tuple[str, str], tmp_path: Path) -> None:
    text = (STARTERS / "sharded.yml").read_text()
    assert safeguard in text
    assert findings(tmp_path, text.replace(safeguard, instead, 1)) == [found]
