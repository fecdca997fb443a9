import os
import shutil
import tempfile
from pathlib import Path

import pytest


def test_removes_a_file_that_others_write():
    if os.path.exists("app.db"):
        os.remove("app.db")  # CIT002


def test_unlinks_at_the_start():
    Path("coverage.xml").unlink(missing_ok=True)  # CIT002


@pytest.fixture
def clean_state():
    yield
    Path("~/.app/state.json").expanduser().unlink()  # CIT002


def test_with_state(clean_state):
    assert True


def test_removes_what_it_wrote():
    with open("scratch.txt", "w") as file:  # CIT001
        file.write("x")
    os.remove("scratch.txt")


def test_removes_a_temporary_file():
    handle, name = tempfile.mkstemp()
    os.close(handle)
    os.unlink(name)
    file = tempfile.NamedTemporaryFile(delete=False)
    file.close()
    os.remove(file.name)


def test_removes_by_an_id_of_its_own(session_id):
    os.remove(f"sessions/{session_id}.json")


def test_refused():
    with pytest.raises(FileNotFoundError):
        os.remove("missing.txt")


class TestWritesAndCleansUp:
    def test_writes(self):
        open("leftover.txt", "w").close()  # CIT001

    def teardown_method(self):
        os.remove("leftover.txt")


def test_makes_a_directory():
    os.mkdir("made")  # CIT001
    shutil.rmtree("made")


def test_a_tree_that_another_test_makes():
    shutil.rmtree("made")  # CIT002
