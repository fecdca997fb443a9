from pathlib import Path

import pytest


class Exporter:
    def __init__(self, directory="exports"):
        self.directory = Path(directory)

    def export(self, text):
        (self.directory / "export.txt").write_text(text)  # CIT001


class TestDefault:
    def test_exports(self):
        Exporter().export("x")


class TestPrivate:
    @pytest.fixture(autouse=True)
    def in_its_own_directory(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

    def test_exports(self):
        Exporter().export("x")

    def test_writes(self):
        Path("a.txt").write_text("x")


class TestOwnDirectory:
    def setup_method(self):
        self.path = Path("fixed") / "state.json"

    def test_saves(self, tmp_path):
        Exporter(tmp_path).export("x")

    def test_state(self):
        self.path.write_text("{}")  # CIT001
