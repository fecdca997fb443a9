"""The cases of the rules: small repositories, each in one file.

`cases/<rule>/bad-*.yml` is a workflow whose marked lines the rule finds; `good-*.yml` has nothing for it. A mark is
`# <- rule severity` at a line's end. Other files of the repository come first, each as `#file NAME` and lines behind
`#|`; their lines may be marked, too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from ci_tools.cli.doctor import diagnosis_of
from ci_tools.doctor.finding import Diagnosis, Finding

CASES = Path(__file__).parent / "cases"
_MARK = re.compile(r"\s*# <- ([\w-]+) (\w+)$")

Place = tuple[str, int, str]


def cases(kind: str) -> list[Path]:
    """Return the files of all good or bad cases."""
    return sorted(CASES.glob(f"*/{kind}-*.yml"))


def unpack(case: Path, root: Path) -> None:
    """Write the case's repository."""
    workflow = root / ".github" / "workflows" / case.name
    workflow.parent.mkdir(parents=True)
    workflow.write_text(case.read_text())
    for name, lines in _files(case).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{_MARK.sub('', line)}\n" for line in lines))


def expected(case: Path) -> list[Place]:
    """Return (path, line, severity) of the marked lines, sorted."""
    texts = {f".github/workflows/{case.name}": case.read_text().split("\n"), **_files(case)}
    return sorted(
        (path, number, match.group(2))
        for path, lines in texts.items()
        for number, line in enumerate(lines, 1)
        if (match := _MARK.search(line)) and match.group(1) == case.parent.name and not line.startswith("#|")
    )


def diagnose_case(case: Path, root: Path) -> Diagnosis:
    """Return what the doctor says of the case's repository, written below `root`."""
    unpack(case, root)
    return diagnosis_of(root)


def found(diagnosis: Diagnosis, rule: str) -> list[Place]:
    """Return (path, line, severity) of a rule's findings, sorted."""
    return sorted(place(finding) for finding in diagnosis.findings if finding.rule == rule)


def place(finding: Finding) -> Place:
    return finding.path, finding.line, finding.severity.value


def _files(case: Path) -> dict[str, list[str]]:
    files: dict[str, list[str]] = defaultdict(list)
    name = ""
    for line in _header(case):
        if line.startswith("#file "):
            name = line.removeprefix("#file ")
        else:
            files[name].append(line.removeprefix("#|"))
    return files


def _header(case: Path) -> Iterator[str]:
    for line in case.read_text().split("\n"):
        if not line.startswith(("#file ", "#|")):
            return
        yield line
