"""How often `ci-tools audit` is right: what it finds in suites from PyPI, each finding read in the source and judged.

The judgements are in audit_precision.tsv: suite, rule, place, `true` or `false`, why. A finding is true when the tests
it names could fail, or make others fail, in the way that its rule says; meant or not, likely or not. Severity `note`
isn't counted: it claims nothing.

    python benchmarks/audit_precision.py            the tables; fails while a finding isn't judged
    python benchmarks/audit_precision.py --sheet    writes the sheet anew: judgements stay, new findings have none

The suites are source distributions, fetched by pip once (this needs a package index). Nothing of them is run.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from _bench import CACHE, say

from ci_tools.audit.finding import Severity
from ci_tools.audit.rules import RULES, name_of
from ci_tools.cli.audited import Request, audited
from ci_tools.model.rates import rate_text
from ci_tools.plan.pytest_config import find_config

SHEET = Path(__file__).with_suffix(".tsv")
SOURCES = CACHE / "audit-precision"
SUITES = (
    *("aiosmtpd==1.4.6", "attrs==26.1.0", "celery==5.7.0", "click==8.5.1", "cookiecutter==2.7.1", "coverage==7.17.3"),
    *("flask==3.1.3", "httpx==0.28.1", "jinja2==3.1.6", "joblib==1.6.0", "luigi==3.8.1", "more-itertools==11.2.1"),
    *("pip-tools==7.6.2", "poetry-core==2.5.0", "requests==2.34.2", "tornado==6.6.1", "uvicorn==0.54.0"),
    "werkzeug==3.1.9",
)
HEADER = ("suite", "rule", "place", "verdict", "why")


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """One finding; `verdict` is "true", "false" or "" as long as nobody has judged it."""

    suite: str
    rule: str
    place: str
    verdict: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What was read of a suite."""

    tests: int
    files: int


def main() -> int:
    sizes, found = _found()
    known = {(row.suite, row.rule, row.place): row for row in _sheet()}
    rows = [known.get((row.suite, row.rule, row.place), row) for row in found]
    if sys.argv[1:] == ["--sheet"]:
        _write(rows)
    missing = [row for row in rows if row.verdict not in ("true", "false")]
    for row in missing:
        say(f"not judged: {row.suite} {row.rule} {row.place}")
    _print(sizes, [row for row in rows if row not in missing])
    return 1 if missing else 0


def _found() -> tuple[dict[str, Size], list[Row]]:
    sizes, rows = {}, []
    for suite in SUITES:
        root = _source(suite)
        judged = audited(Request(), cwd=root).judged
        sizes[suite] = Size(tests=judged.readiness.n_tests, files=judged.n_files)
        for finding in judged.findings:
            if finding.severity is not Severity.NOTE:
                rows.append(Row(suite, finding.rule, f"{finding.span.path}:{finding.span.line}:{finding.span.column}"))
    return sizes, sorted(rows)


def _source(suite: str) -> Path:
    """Return a suite's source, fetched now or earlier."""
    home = SOURCES / suite.replace("==", "-")
    if not home.is_dir():
        say(f"fetching {suite}")
        fetched = SOURCES / f"{home.name}.sdist"
        pip = (sys.executable, "-m", "pip", "--quiet", "download", "--no-deps", "--no-binary")
        subprocess.run([*pip, suite.partition("==")[0], "--dest", str(fetched), suite], check=True)
        (archive,) = fetched.glob("*.tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(home, filter="data")
    (root,) = home.iterdir()
    if find_config((), cwd=root).rootdir != root:  # it has none of its own, and would take this repository's
        (root / "pytest.ini").touch()
    return root


def _sheet() -> Iterator[Row]:
    if SHEET.is_file():
        with SHEET.open(encoding="utf-8", newline="") as file:
            for values in csv.DictReader(file, delimiter="\t"):
                yield Row(*(values[name] for name in HEADER))


def _write(rows: Sequence[Row]) -> None:
    with SHEET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows((row.suite, row.rule, row.place, row.verdict, row.why) for row in rows)
    say(f"written: {SHEET}")


def _print(sizes: Mapping[str, Size], rows: Sequence[Row]) -> None:
    """Print the two tables of docs/audit-precision.md."""
    print("| suite | files | tests | findings | false |\n| --- | ---: | ---: | ---: | ---: |")
    for suite, size in sizes.items():
        found, false = _counted(rows, lambda row, suite=suite: row.suite == suite)  # type: ignore[misc]
        print(f"| {suite.replace('==', ' ')} | {size.files:,} | {size.tests:,} | {found:,} | {false:,} |")
    found, false = _counted(rows, lambda row: True)
    files, tests = (sum(getattr(size, name) for size in sizes.values()) for name in ("files", "tests"))
    print(f"| **all** | {files:,} | {tests:,} | {found:,} | {false:,} |\n")
    print("| rule | findings | false |\n| --- | ---: | ---: |")
    for rule in RULES:
        of_rule, wrong = _counted(rows, lambda row, rule=rule: row.rule == rule)  # type: ignore[misc]
        print(f"| [{rule}](audit/{rule}.md) {name_of(rule)} | {of_rule:,} | {wrong:,} |")
    print(f"\nFalse: {rate_text(false, found, 'finding')}.")


def _counted(rows: Sequence[Row], is_wanted: Callable[[Row], bool]) -> tuple[int, int]:
    wanted = [row for row in rows if is_wanted(row)]
    return len(wanted), sum(row.verdict == "false" for row in wanted)


if __name__ == "__main__":
    sys.exit(main())
