"""A workflow file that GitHub can't read, or that isn't one.

GitHub runs nothing of such a file, and says so only on its Actions page: a required check then never reports. Found
are: text that is no YAML, a key that is there twice, an alias of nothing, no `jobs`, several documents in one file;
and files that are too large or nested too deep to be meant seriously (500 kB, 50 levels, 100,000 values).
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project


def check(project: Project) -> Iterator[Finding]:
    """Find files that can't be read."""
    for problem in project.problems:
        yield Finding(severity=Severity.ERROR, path=problem.path, line=problem.line, fact=problem.fact, fix=problem.fix)
