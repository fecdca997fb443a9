"""The reports that another workflow run left as artifacts. All of it may be a stranger's."""

from __future__ import annotations

import hashlib
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ci_tools.github.answers import GitHubError
from ci_tools.github.context import Context, number_at, text_at, value_at
from ci_tools.github.rest import Client
from ci_tools.model.bundle import KEY, is_key
from ci_tools.model.errors import CiToolsError
from ci_tools.model.words import size

MAX_ZIP_BYTES = 50_000_000
MAX_MEMBER_BYTES = 100_000_000  # what store.files reads at most, too
# Above this, what unpacks to more than MAX_RATIO times its size is a bomb. Measured: 3,000 failures of one and the same
# 10 kB text shrink to a 60th, 50,000 passed tests to a 15th (2026-08).
PLAIN_BYTES, MAX_RATIO = 10_000_000, 200
MAX_MEMBERS = 10_000
MAX_KEYS = 20  # a comment each

# A key holds no `--`, so that no artifact's name can be read in two ways.
_NAME = re.compile(rf"xdist-ci-(?P<key>{KEY})--report-attempt-(?P<attempt>[1-9][0-9]{{0,3}})")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """The files of one key's newest report, as text; `cost` is empty when there is none."""

    key: str
    attempt: int
    source: str
    report: str
    cost: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One report's artifact, its name taken apart."""

    id: int
    name: str
    key: str
    attempt: int
    digest: str


def fetch_reports(
    client: Client, context: Context, *, key: str = "", damaged: Callable[[str, CiToolsError], object] | None = None
) -> list[RunReport]:
    """Return the newest report of each key, or of the one named, sorted by key.

    Only artifacts of the very run, commit and attempts that the event names count. Nothing is unpacked to disk.
    Raises CiToolsError for a report that is too large, damaged or no zip file, unless `damaged` takes
    its key and the error: then the others are returned.
    """
    listed = sorted(_listed(client, context), key=lambda artifact: (artifact.attempt, artifact.id))
    newest = {artifact.key: artifact for artifact in listed if key in ("", artifact.key)}
    reports = []
    for name in sorted(newest)[:MAX_KEYS]:
        try:
            reports.append(_fetched(client, context, newest[name]))
        except CiToolsError as error:
            if damaged is None or isinstance(error, GitHubError):
                raise
            damaged(name, error)
    return reports


def _listed(client: Client, context: Context) -> Iterator[Artifact]:
    run_id = number_at(context.event, "workflow_run", "id")
    attempt = number_at(context.event, "workflow_run", "run_attempt") or 1
    head_sha = text_at(context.event, "workflow_run", "head_sha")
    if run_id is None:
        raise CiToolsError("the event names no workflow run", hint="run this on: workflow_run")
    for page in client.pages(f"/repos/{context.repository}/actions/runs/{run_id}/artifacts"):
        listed = value_at(page, "artifacts")
        for item in listed if isinstance(listed, list) else ():
            artifact = _artifact(item)
            same_run = number_at(item, "workflow_run", "id") == run_id
            same_commit = text_at(item, "workflow_run", "head_sha") == head_sha != ""
            if artifact and same_run and same_commit and artifact.attempt <= attempt:
                yield artifact


def _artifact(item: object) -> Artifact | None:
    """Return a report's artifact; None for another one, or one that GitHub has deleted."""
    match = _NAME.fullmatch(text_at(item, "name"))
    if not match or not is_key(match["key"]) or value_at(item, "expired") is not False:
        return None
    return Artifact(
        id=number_at(item, "id") or 0,
        name=match[0],
        key=match["key"],
        attempt=int(match["attempt"]),
        digest=text_at(item, "digest"),
    )


def _fetched(client: Client, context: Context, artifact: Artifact) -> RunReport:
    path = f"/repos/{context.repository}/actions/artifacts/{artifact.id}/zip"
    data = client.download(path, max_bytes=MAX_ZIP_BYTES)
    if artifact.digest and artifact.digest != f"sha256:{hashlib.sha256(data).hexdigest()}":
        raise CiToolsError(f"artifact {artifact.name}: its SHA-256 isn't the one it was uploaded with")
    members = read_members(data, ("report.json", "cost.json"), source=f"artifact {artifact.name}")
    if "report.json" not in members:
        raise CiToolsError(f"artifact {artifact.name} holds no report.json")
    return RunReport(
        key=artifact.key,
        attempt=artifact.attempt,
        source=artifact.name,
        report=members["report.json"],
        cost=members.get("cost.json", ""),
    )


def read_members(data: bytes, names: tuple[str, ...], *, source: str) -> dict[str, str]:
    """Return the text of a zip file's members of these very names; all others are never looked into.

    Raises CiToolsError for what isn't a plain file, is there twice, or is larger than it should be.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = [info for info in archive.infolist() if info.filename in names]
            if len(archive.infolist()) > MAX_MEMBERS or len(found) != len({info.filename for info in found}):
                raise CiToolsError(f"{source}: too many files, or two of one name")
            return {info.filename: _text(archive, info, source) for info in found}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise CiToolsError(f"{source}: not a zip file that can be read: {error}") from None


def _text(archive: zipfile.ZipFile, info: zipfile.ZipInfo, source: str) -> str:
    mode = info.external_attr >> 16
    if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
        raise CiToolsError(f"{source}: {info.filename} is no plain file")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise CiToolsError(f"{source}: {info.filename} is packed in a way that GitHub doesn't")
    limit = min(MAX_MEMBER_BYTES, max(PLAIN_BYTES, MAX_RATIO * info.compress_size))
    with archive.open(info) as file:
        text = file.read(limit + 1)
    if len(text) > limit or info.file_size > limit:
        raise CiToolsError(f"{source}: {info.filename} unpacks to more than {size(limit)}")
    return text.decode("utf-8")
