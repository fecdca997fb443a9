"""What a run of act has said, by job and step."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]
BEGINS = "⭐ Run Main "


@dataclass(frozen=True)
class Annotation:
    """`level` is error, warning or notice; `properties` are file, line, title and so on, decoded as the message is."""

    level: str
    message: str
    properties: dict[str, str]


@dataclass(kw_only=True)
class Step:
    """A step that began. `path` are the ids down to it, ("shard", "run") in a composite; without an id its number.

    `result` is the outcome, before continue-on-error. `summary` is what it wrote to GITHUB_STEP_SUMMARY.
    """

    job: str
    matrix: dict[str, Any]
    path: tuple[str, ...]
    name: str
    result: str = ""
    excused: bool = False
    outputs: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    summary: str = ""

    def take(self, record: Record) -> None:
        """Note what one record of the log says of this step."""
        command = record.get("command")
        if record["msg"].startswith(BEGINS):  # within a composite, "step" is the name of the step that uses it
            self.name = record["msg"].removeprefix(BEGINS).strip()
        if record.get("raw_output"):
            self.lines.append(record["msg"].rstrip("\n"))
        elif command == "set-output":
            self.outputs[record["name"]] = record["arg"]
        elif command == "summary":
            self.summary += record["content"]
        elif command in ("error", "warning", "notice"):
            self.annotations.append(Annotation(command, record["arg"], record["kvPairs"]))
        self.excused |= record["msg"] == "Failed but continue next step"
        self.result = record.get("stepResult", self.result)

    def answers_to(self, word: str) -> bool:
        return word in ("/".join(self.path), self.path[-1], self.name)


@dataclass(frozen=True)
class ActRun:
    """One run: act's exit code and stderr, its log, and the names of all steps that could have run."""

    code: int
    stderr: str
    records: list[Record]
    known: frozenset[str] = frozenset()

    @classmethod
    def of(cls, code: int, stdout: str, stderr: str, known: frozenset[str]) -> ActRun:
        lines = [json.loads(line) for line in stdout.splitlines() if line.startswith("{")]
        return cls(code, stderr, lines, known)

    @property
    def steps(self) -> list[Step]:
        """All steps that began, in the order in which they did."""
        found: dict[tuple[str, str, tuple[str, ...]], Step] = {}
        for record in self.records:
            if record.get("stage") == "Main" and "stepID" in record:
                path = tuple(record["stepID"])
                key = (record["jobID"], json.dumps(record["matrix"]), path)
                step = Step(job=record["jobID"], matrix=record["matrix"], path=path, name=record["step"])
                found.setdefault(key, step).take(record)
        return list(found.values())

    @property
    def legs(self) -> dict[str, list[dict[str, Any]]]:
        """job → the matrices of the legs that ran, [{}] without a matrix."""
        found: dict[str, list[dict[str, Any]]] = {}
        for record in self.records:
            legs = found.setdefault(record["jobID"], []) if "jobID" in record else [record.get("matrix")]
            if record.get("matrix") not in legs:
                legs.append(record["matrix"])
        return found

    def step(self, job: str, step: str, **matrix: Any) -> Step:
        """Return the only step of that a/b path, else of that id or name, in the legs that `matrix` leaves."""
        steps = list(self._of(job, matrix))
        found = [s for s in steps if "/".join(s.path) == step] or [s for s in steps if s.answers_to(step)]
        assert len(found) == 1, f"{len(found)} steps {step!r} in {job!r} {matrix}, of {[s.path for s in self.steps]}"
        return found[0]

    def result_of(self, job: str, step: str = "", **matrix: Any) -> str:
        """Return success, failure or skipped, of a step or of a whole job: failure if one of its legs failed."""
        if step:
            assert not self.known or step.split("/")[-1] in self.known, f"no workflow or action has a step {step!r}"
            ran = any(s.answers_to(step) for s in self._of(job, matrix))
            return self.step(job, step, **matrix).result if ran else "skipped"
        assert not self.known or job in self.known, f"no workflow has a job {job!r}"
        results = {self._result(job, leg) for leg in self.legs.get(job, []) if matrix.items() <= leg.items()}
        return next((result for result in ("failure", "success") if result in results), "skipped")

    def said(self, needle: str, job: str = "") -> list[str]:
        """Return the lines that steps wrote and that hold `needle`."""
        return [line for s in self.steps if job in ("", s.job) for line in s.lines if needle in line]

    @property
    def summaries(self) -> list[str]:
        """What each step wrote to its summary, in the order of the steps."""
        return [step.summary for step in self.steps if step.summary]

    @property
    def annotations(self) -> list[Annotation]:
        return [annotation for step in self.steps for annotation in step.annotations]

    @property
    def text(self) -> str:
        """The whole log, to be read when a test has failed."""
        return "\n".join([f"[{_place(r)}] {r['msg'].rstrip()}" for r in self.records] + [self.stderr])

    def _of(self, job: str, matrix: Mapping[str, Any]) -> Iterable[Step]:
        return (s for s in self.steps if s.job == job and matrix.items() <= s.matrix.items())

    def _result(self, job: str, leg: dict[str, Any]) -> str:
        # act calls every leg failed that ends after a failed one; the steps know better.
        mine = [s for s in self.steps if (s.job, s.matrix) == (job, leg) and len(s.path) == 1]
        if mine:
            return "failure" if any(s.result == "failure" and not s.excused for s in mine) else "success"
        said = [r["jobResult"] for r in self.records if "jobResult" in r and (r["jobID"], r["matrix"]) == (job, leg)]
        return said[-1] if said else "skipped"


def _place(record: Record) -> str:
    matrix = ",".join(str(value) for value in (record.get("matrix") or {}).values())
    return " ".join(filter(None, [record.get("jobID", "act"), matrix, "/".join(record.get("stepID") or [])]))
