import glob
import os
from pathlib import Path


def newest(directory):
    return max(directory.glob("*.json"), key=os.path.getmtime)


def test_private(tmp_path):
    assert newest(tmp_path)
    assert sorted(tmp_path.iterdir(), key=os.path.getmtime)[-1]
    assert max(glob.glob(str(tmp_path / "*.xml")), key=os.path.getctime)


def test_moved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert max(Path("output").glob("*"), key=os.path.getmtime)


def test_by_size():
    assert max(Path("data").glob("*.json"), key=os.path.getsize)


def test_first_of_the_data():
    case = sorted(Path("tests/data").glob("*.json"))[0]
    assert case.read_text()


def test_of_numbers():
    latest = sorted([3, 1, 2])[-1]
    assert latest == max([3, 1, 2])


def test_of_a_worker(worker_id):
    assert max(Path("out", worker_id).iterdir(), key=os.path.getmtime)


def test_by_an_id():
    path = Path("output") / "run-17.json"
    assert path.read_text()
