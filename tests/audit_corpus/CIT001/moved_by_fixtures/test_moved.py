import contextlib
import os
from contextlib import chdir

import pytest


def write(name):
    with open(name, "w") as file:  # CIT001
        file.write("x")


def test_runner(runner):
    with open("requirements.in", "w") as file:
        file.write("x")


def test_moved(moved):
    os.mkdir("sub")
    (moved / "a.txt").write_text("x")


def test_changed(changed):
    open("a.txt", "w").close()


class InItsOwnDirectory:
    moves = True

    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path_factory):
        if self.moves:
            self.directory = str(tmp_path_factory.mktemp("t"))
            with contextlib.chdir(self.directory):
                yield
        else:
            yield


class TestMoved(InItsOwnDirectory):
    def test_writes(self):
        open("a.txt", "w").close()


def test_leaves(tmp_path):
    with contextlib.chdir(tmp_path):
        open("a.txt", "w").close()
    open("b.txt", "w").close()  # CIT001


def test_where_it_was(monkeypatch):
    write("a.txt")


def test_who_knows_where(request):
    os.chdir(request.getfixturevalue("directory"))  # CIT203
    open("a.txt", "w").close()


def test_in_a_context(in_a_context):
    open("a.txt", "w").close()


def test_imported_by_name(tmp_path):
    with chdir(tmp_path):
        open("a.txt", "w").close()


def test_deeper(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir("sub")
    monkeypatch.chdir("sub")
    open("../a.txt", "w").close()
