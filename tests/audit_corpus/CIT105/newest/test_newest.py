import glob
import os
from pathlib import Path

OUTPUT = Path("output")


def newest(directory):
    return max(directory.glob("*.json"), key=os.path.getmtime)  # CIT105


def test_newest_of_a_shared_directory():
    assert newest(OUTPUT).read_text()


def test_newest_by_lambda():
    files = glob.glob("reports/*.xml")
    latest = max(files, key=lambda name: os.stat(name).st_mtime)  # CIT105
    assert latest


def test_sorted_by_time():
    paths = sorted(OUTPUT.iterdir(), key=lambda path: path.stat().st_mtime)  # CIT105
    assert paths[-1]


def test_sorted_reversed():
    path = sorted(OUTPUT.iterdir(), key=os.path.getctime, reverse=True)[0]  # CIT105
    assert path


def test_sorts_in_place():
    names = [os.path.join("logs", name) for name in os.listdir("logs")]
    names.sort(key=os.path.getmtime)  # CIT105
    assert names[-1]


def test_last_by_name():
    latest_run = sorted(glob.glob("runs/run-*"))[-1]  # CIT105
    assert latest_run


def find_most_recent_session():
    return sorted(Path("data/sessions").iterdir())[-1]  # CIT105


def test_session():
    assert find_most_recent_session()
