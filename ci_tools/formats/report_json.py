"""`report.json`: a merged run, for tools and for the reports that are written later."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ci_tools.formats._changes import changes_document, changes_of
from ci_tools.formats._document import Fields, check_header, parse
from ci_tools.formats.plan_json import certificate_document, certificate_of
from ci_tools.model.report import POLICIES, CaseResult, Conclusion, NotRun, Report, ShardResult, ShardState
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.verdict import Cause, Judgement

FORMAT = "xdist-ci/report"
# 1: the first. 2: judgements, changes and the policy; shard 0 for results of no shard; outcome "unknown".
VERSION = 2
MAX_BYTES = 1_000_000_000  # a test that passed takes about 350

_NAMES = ("lost", "duplicated", "unplanned", "gone", "ignored", "skipped_modules", "deselected", "reasons", "notes")


def dumps(report: Report) -> str:
    """Return the report as text: the verdict first, one line per test."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "conclusion": report.conclusion.value,
        "exit_code": report.exit_code,
        "fail_on": report.fail_on,
        "counts": counts(report),
        "plan_digest": report.plan_digest,
        "workers": report.workers,
        "certificate": certificate_document(report.certificate) if report.certificate else None,
        "changes": changes_document(report.changes) if report.changes else None,
        **{name: list(getattr(report, name)) for name in _NAMES},
    }
    rows: dict[str, Iterable[dict[str, Any]]] = {
        "shards": map(_shard, report.shards),
        "not_run": ({"name": n.name, "shard": n.shard, "why": n.why} for n in report.not_run),
        "judgements": ({"id": j.nodeid, "cause": j.cause.value, "why": j.why} for j in report.judgements),
        "tests": map(_case, report.cases),
    }
    encode = json.JSONEncoder(allow_nan=False).encode
    lines = [f'"{key}": {encode(value)}' for key, value in head.items()]
    for key, items in rows.items():
        body = ",\n".join(f" {encode(item)}" for item in items)
        lines.append(f'"{key}": [\n{body}\n]' if body else f'"{key}": []')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def loads(text: str, *, source: str) -> Report:
    """Return the report; FormatError when it is none, or cut off."""
    document = check_header(parse(text, source=source), format=FORMAT, version=VERSION, source=source)
    fields = Fields(document, source=source)
    names = {name: fields.texts(name) for name in _NAMES}
    if fields.text("fail_on") not in POLICIES:
        raise fields.refuse(f"'fail_on' is {fields.text('fail_on')!r}, wanted one of {', '.join(POLICIES)}")
    certificate = certificate_of(fields.object("certificate")) if fields.get("certificate") is not None else None
    if fields.choice("conclusion", Conclusion) is not Conclusion.PASSED and not names["reasons"]:
        raise fields.refuse("'reasons' is empty, wanted one for not having passed")
    report = Report(
        conclusion=fields.choice("conclusion", Conclusion),
        plan_digest=fields.text("plan_digest"),
        workers=fields.integer("workers", least=1),
        certificate=certificate,
        shards=tuple(_read_shard(shard) for shard in fields.objects("shards")),
        cases=tuple(_read_case(case) for case in fields.objects("tests")),
        not_run=tuple(
            NotRun(name=item.text("name"), shard=item.integer("shard"), why=item.text("why"))
            for item in fields.objects("not_run")
        ),
        judgements=tuple(
            Judgement(nodeid=item.text("id"), cause=item.choice("cause", Cause), why=item.text("why"))
            for item in fields.objects("judgements")
        ),
        changes=changes_of(fields.object("changes")) if fields.get("changes") is not None else None,
        fail_on=fields.text("fail_on"),
        reasons=names["reasons"],
        notes=names["notes"],
        lost=names["lost"],
        duplicated=names["duplicated"],
        unplanned=names["unplanned"],
        gone=names["gone"],
        ignored=names["ignored"],
        skipped_modules=names["skipped_modules"],
        deselected=names["deselected"],
    )
    if report.conclusion is Conclusion.PASSED and len(report.bad) > len(report.quarantined):
        raise fields.refuse("'conclusion' is 'passed', and tests failed that no quarantine holds")
    return report


def counts(report: Report) -> dict[str, int]:
    """Return how many tests ended how, and how many did not run."""
    others = Counter(case.outcome.value for case in report.cases if case.outcome is not Outcome.PASSED)
    passed = len(report.cases) - others.total()  # nearly all: not counted one by one
    return {
        "tests": len(report.cases),
        **{outcome.value: others[outcome.value] for outcome in Outcome},
        "passed": passed,
        "flips": len(report.flips),
        "not_run": len(report.not_run),
        "quarantined": len(report.quarantined),
    }


def _shard(shard: ShardResult) -> dict[str, Any]:
    return {
        "index": shard.index,
        "attempt": shard.attempt,
        "state": shard.state.value,
        "reason": shard.reason,
        "exit_code": shard.exit_code,
        "tests": shard.tests,
        "bad": shard.bad,
        "workers": shard.workers,
        "planned_s": shard.planned_s,
        "tests_s": shard.tests_s,
        "wall_s": shard.wall_s,
    }


def _read_shard(fields: Fields) -> ShardResult:
    exit_code = fields.get("exit_code")
    return ShardResult(
        index=fields.integer("index", least=1),
        attempt=fields.integer("attempt"),
        state=fields.choice("state", ShardState),
        reason=fields.text("reason"),
        exit_code=None if exit_code is None else fields.integer("exit_code", least=-128),
        tests=fields.integer("tests"),
        bad=fields.integer("bad"),
        workers=fields.integer("workers"),
        planned_s=fields.seconds("planned_s"),
        tests_s=fields.seconds("tests_s"),
        wall_s=fields.seconds("wall_s"),
    )


def _case(case: CaseResult) -> dict[str, Any]:
    return {
        "id": case.nodeid,
        "outcome": case.outcome.value,
        "shard": case.shard,
        "attempts": [_attempt(run_attempt, attempt) for run_attempt, attempt in case.attempts],
    }


def _attempt(run_attempt: int, attempt: Attempt) -> dict[str, Any]:
    document: dict[str, Any] = {
        "run_attempt": run_attempt,
        "rerun": attempt.rerun,
        "session": attempt.session,
        "fresh": attempt.fresh,
        "outcome": attempt.outcome.value,
        "phase": attempt.phase,
        "worker": attempt.worker,
        "start_s": attempt.start_s,
        "setup_s": attempt.seconds[0],
        "call_s": attempt.seconds[1],
        "teardown_s": attempt.seconds[2],
    }
    for key in ("message", "text", "location"):
        if value := getattr(attempt, key):
            document[key] = value
    if attempt.subtests != (0, 0):
        document["subtests_passed"], document["subtests_failed"] = attempt.subtests
    if attempt.lock_wait_s:
        document["lock_wait_s"] = attempt.lock_wait_s
    return document


def _read_case(fields: Fields) -> CaseResult:
    nodeid = fields.text("id")
    attempts = tuple((a.integer("run_attempt"), _read_attempt(nodeid, a)) for a in fields.objects("attempts"))
    if not attempts:
        raise fields.refuse("has no attempt")
    return CaseResult(nodeid=nodeid, shard=fields.integer("shard"), attempts=attempts)


def _read_attempt(nodeid: str, fields: Fields) -> Attempt:
    return Attempt(
        nodeid=nodeid,
        outcome=fields.choice("outcome", Outcome),
        rerun=fields.integer("rerun"),
        session=fields.integer("session"),
        fresh=fields.integer("fresh"),
        worker=fields.text("worker"),
        start_s=fields.seconds("start_s"),
        seconds=(fields.seconds("setup_s"), fields.seconds("call_s"), fields.seconds("teardown_s")),
        lock_wait_s=fields.seconds("lock_wait_s", 0.0),
        phase=fields.text("phase"),
        message=fields.text("message", ""),
        text=fields.text("text", ""),
        location=fields.text("location", ""),
        subtests=(fields.integer("subtests_passed", 0), fields.integer("subtests_failed", 0)),
    )
