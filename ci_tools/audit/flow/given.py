"""What pytest's own fixtures are, and those of well-known plugins."""

from __future__ import annotations

from collections.abc import Mapping

from ci_tools.audit.flow import texts
from ci_tools.audit.steps import Kind, Value

FIXTURES: Mapping[str, Value] = {
    **{name: Value(Kind.PRIVATE, name) for name in ("tmp_path", "tmpdir", "testdir_path", "fs_root", "cwd_tmp")},
    **{
        name: Value(Kind.MADE, made)
        for name, made in {
            "tmp_path_factory": "pytest.TempPathFactory",
            "tmpdir_factory": "pytest.TempdirFactory",
            "monkeypatch": "pytest.MonkeyPatch",
            "pytester": "pytest.Pytester",
            "testdir": "pytest.Pytester",
            "request": "pytest.FixtureRequest",
            "capsys": "pytest.CaptureFixture",
            "capfd": "pytest.CaptureFixture",
            "caplog": "pytest.LogCaptureFixture",
            "recwarn": "pytest.WarningsRecorder",
            "mocker": "pytest_mock.MockerFixture",
            "fs": "pyfakefs.FakeFilesystem",
        }.items()
    },
    "worker_id": texts.UNIQUE,
}
PRIVATE_CWD = frozenset({"pytester", "testdir"})
MONKEYPATCH = "pytest.MonkeyPatch"
