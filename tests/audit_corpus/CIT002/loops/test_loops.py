import glob
import os
from pathlib import Path

LOGS = Path("logs")


def remove_all(pattern):
    for name in glob.glob(pattern):
        os.remove(name)  # CIT002


def test_removes_what_a_pattern_matches():
    remove_all("/var/spool/app/*.job")


def test_removes_every_log():
    for path in LOGS.glob("*.log"):
        path.unlink()  # CIT002


def test_removes_by_listing():
    for name in os.listdir("uploads"):
        os.unlink(os.path.join("uploads", name))  # CIT002


def test_walks():
    for root, _, names in os.walk("artifacts"):
        for name in names:
            os.remove(os.path.join(root, name))  # CIT002


def test_its_own(tmp_path):
    for path in tmp_path.rglob("*.log"):
        path.unlink()
    for name in os.listdir(tmp_path):
        os.unlink(os.path.join(tmp_path, name))
    remove_all(str(tmp_path / "*.job"))


def test_only_lists():
    assert [path.name for path in LOGS.glob("*.log")] == []
