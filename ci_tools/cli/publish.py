"""What a merged run says on GitHub: outputs, the summary, annotations; and the times that the cache takes."""

from __future__ import annotations

import os
import posixpath
import shutil
from pathlib import Path

from ci_tools.cli.inputs import Inputs
from ci_tools.cli.places import flag
from ci_tools.cli.talk import say
from ci_tools.formats import cost_json, report_json
from ci_tools.github.context import context_or_none
from ci_tools.github.guard import send
from ci_tools.github.outputs import annotation_line, append_summary, write_outputs
from ci_tools.model.report import Conclusion, Report
from ci_tools.report.annotations import annotations_of
from ci_tools.store.files import read_text


def publish(inputs: Inputs, path: Path, *, cache: Path) -> None:
    """Say the outputs, the summary and the annotations; leave the times where the cache takes them from."""
    text = read_text(path / "report.json", max_bytes=report_json.MAX_BYTES)
    report = report_json.loads(text, source="report.json")
    context = context_or_none(os.environ, lambda why: say(f"no comment, and no times saved: {why}"))
    saves = report.conclusion is not Conclusion.INCOMPLETE and context is not None and context.saves_durations
    if saves:
        cache.mkdir(parents=True, exist_ok=True)
        for name in (".test_durations", "cost.json"):
            shutil.copyfile(path / name, cache / name)
        for damaged in cache.glob("*.damaged"):  # a history that was begun anew
            damaged.unlink()
    wants_comment = inputs.comment != "never" and context is not None and context.event_name == "pull_request"
    write_outputs(
        _results(report)
        | {
            "report": str(path),
            "cost-usd": _cost_usd(path / "cost.json"),
            "saves-durations": flag(saves),
            "comments": flag(wants_comment),
        }
    )
    append_summary(read_text(path / "summary.md"))
    _annotate(inputs, report)


def _annotate(inputs: Inputs, report: Report) -> None:
    root = os.path.join(os.environ.get("GITHUB_WORKSPACE", ""), inputs.working_directory)
    for found in annotations_of(report, root=os.path.normpath(root)):
        file = posixpath.normpath(posixpath.join(inputs.working_directory, found.file)) if found.file else ""
        send(annotation_line(found.level, found.message, file=file, line=found.line, title=found.title))


def _results(report: Report) -> dict[str, str]:
    return {
        "verdict": report.conclusion.value,
        "digest": report.plan_digest,
        "lost": str(len(report.not_run) + len(report.lost)),
        "flaky": str(len(report.flips)),
        "failed": str(len(report.bad)),
        "new-failures": str(len(report.news)),
    }


def _cost_usd(path: Path) -> str:
    usd = cost_json.loads_run(read_text(path), source=str(path)).usd
    return "" if usd is None else str(usd)
