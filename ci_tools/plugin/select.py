"""Select this shard's tests, never importing another's files, and write down what was met."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ci_tools.formats import collected_jsonl
from ci_tools.model.errors import CiToolsError
from ci_tools.model.nodeid import file_of
from ci_tools.model.plan import Plan
from ci_tools.model.run import CollectedFile, Collection, FileState
from ci_tools.plugin.elsewhere import global_resources, has_any, held_back_by
from ci_tools.plugin.marks import is_serial
from ci_tools.plugin.nodeids import cleaner
from ci_tools.store.files import read_text, write_text


class Selector:
    """Runs where tests are collected: in each worker, or in the only process.

    All workers collect the same, or pytest-xdist stops the run; the first to finish writes
    `collected.jsonl`.
    """

    def __init__(self, config: pytest.Config, plan: Plan, shard: int, out: Path) -> None:
        self._plan = plan
        self._shard = shard
        self._out = out
        self._config = config
        self._root = str(config.rootpath) + os.sep
        self._files: dict[str, FileState] = {}
        self._reasons: dict[str, str] = {}
        self._ignored_directories: list[str] = []
        self._mine: dict[str, pytest.Item] = {}
        self._left: list[str] = []
        self._drop_foreign_arguments()

    # -- files ---------------------------------------------------------------------------

    def _drop_foreign_arguments(self) -> None:
        """pytest collects a file named on the command line without asking anybody."""
        kept = []
        for argument in self._config.args:
            path = Path(os.path.normpath(self._config.invocation_params.dir / argument.partition("::")[0]))
            file = self._file(path)
            if file is not None and path.is_file() and not self._is_mine(path, file):
                self._files[file] = FileState.LEFT
            else:
                kept.append(argument)
        self._config.args[:] = kept

    @pytest.hookimpl(hookwrapper=True)
    def pytest_ignore_collect(self, collection_path: Path) -> Iterator[None]:
        outcome: Any = yield
        file = self._file(collection_path)
        if file is None:
            return
        if outcome.get_result():
            self._note_ignored(collection_path, file)
        elif file in self._plan.planned_files and not self._is_mine(collection_path, file):
            self._files[file] = FileState.LEFT
            outcome.force_result(True)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_collect_file(self, file_path: Path) -> Iterator[None]:
        """Of a file that the plan doesn't know, only here is it known whether it holds tests."""
        outcome: Any = yield
        file = self._file(file_path)
        if file is None:
            return
        if not outcome.get_result():
            if file in self._plan.planned_files:
                self._files[file] = FileState.IGNORED
        elif self._is_mine(file_path, file):
            self._files[file] = FileState.SEEN
        else:
            self._files[file] = FileState.LEFT
            outcome.force_result([])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        file = file_of(report.nodeid)
        if not file or report.passed or file not in self._files:
            return
        self._files[file] = FileState.FAILED if report.failed else FileState.SKIPPED
        self._reasons[file] = _reason(report)

    def _note_ignored(self, path: Path, file: str) -> None:
        if path.is_dir():
            self._ignored_directories.append(file)
        else:
            self._files[file] = FileState.IGNORED

    def _is_mine(self, path: Path, file: str) -> bool:
        # A package's __init__.py is its directory's, whoever runs the tests below it.
        return path.name == "__init__.py" or self._shard in self._plan.shards_of(file)

    def _file(self, path: Path) -> str | None:
        """Return the path as node ids spell it, None outside of rootdir."""
        text = str(path)
        return text[len(self._root) :].replace(os.sep, "/") if text.startswith(self._root) else None

    # -- tests ---------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        mine: list[pytest.Item] = []
        others: list[pytest.Item] = []
        for item in items:
            (mine if self._plan.owner(item.nodeid) == self._shard else others).append(item)
        self._mine = {item.nodeid: item for item in mine}
        self._left = [item.nodeid for item in others]
        if others:
            config.hook.pytest_deselected(items=others)
            items[:] = mine

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        path = self._out / "collected.jsonl"
        uid = getattr(self._config, "workerinput", {}).get("testrunuid") or os.urandom(8).hex()
        before = self._read(path)
        if before is not None and uid in before.sessions:  # another worker was first
            return
        collection = self._collection(uid, session.items)
        # A full disk must not end the user's run; the merge misses the file and says so.
        with contextlib.suppress(CiToolsError):
            write_text(path, collected_jsonl.dumps(before.joined(collection) if before else collection))

    def _read(self, path: Path) -> Collection | None:
        """Return what earlier sessions of the same command have met."""
        try:
            return collected_jsonl.loads(read_text(path), source=path.name) if path.exists() else None
        except CiToolsError:
            return None

    def _collection(self, uid: str, items: Sequence[pytest.Item]) -> Collection:
        """Return what was met; what left our own tests without being selected is deselected."""
        found: dict[str, dict[str, list[str]]] = {}
        clean = cleaner(self._config)
        selected = [(clean(item.nodeid), item) for item in items]
        chosen = {nodeid for nodeid, _ in selected}
        deselected = {nodeid: item for nodeid, item in self._mine.items() if nodeid not in chosen}
        excluded = held_back_by(self._config)
        kinds = {
            "selected": [nodeid for nodeid, _ in selected],
            "deselected": list(deselected),
            "left": self._left,
            "serial": [nodeid for nodeid, item in selected if is_serial(item)],
            "held_back": [nodeid for nodeid, item in deselected.items() if has_any(item, excluded)],
        }
        for kind, nodeids in kinds.items():
            for nodeid in nodeids:
                found.setdefault(file_of(nodeid), {}).setdefault(kind, []).append(nodeid)
        shared = dict.fromkeys((file_of(nodeid), name) for nodeid, item in selected for name in global_resources(item))
        for file, name in shared:
            found[file].setdefault("global_resources", []).append(name)
        states = {**dict.fromkeys(found, FileState.SEEN), **self._files, **self._missing()}
        return Collection(
            sessions=(uid,),
            files=tuple(
                CollectedFile(
                    file=file,
                    state=state,
                    reason=self._reasons.get(file, ""),
                    **{kind: tuple(names) for kind, names in found.get(file, {}).items()},
                )
                for file, state in sorted(states.items())
            ),
        )

    def _missing(self) -> dict[str, FileState]:
        """Return the files planned for this shard that pytest didn't look at, and why not."""
        missing = {}
        for file in self._plan.planned_files:
            if file in self._files or self._shard not in self._plan.shards_of(file):
                continue
            if any(file.startswith(f"{directory}/") for directory in self._ignored_directories):
                missing[file] = FileState.IGNORED
            else:
                exists = os.path.exists(self._root + file)
                missing[file] = FileState.UNREACHED if exists else FileState.ABSENT
        return missing


def _reason(report: pytest.CollectReport) -> str:
    longrepr: Any = report.longrepr
    return str(longrepr[2] if isinstance(longrepr, tuple) else report.longreprtext)[-500:]
