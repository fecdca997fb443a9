import os
import shutil
import tempfile
from pathlib import Path

BASE = "/tmp/myapp"


def test_writes_below_tmp():
    with open("/tmp/report.json", "w") as file:  # CIT003
        file.write("{}")


def test_makes_a_directory():
    os.makedirs(BASE + "/cache")  # CIT003


def test_joins():
    path = Path(tempfile.gettempdir()) / "state.json"
    path.write_text("{}")  # CIT003


def test_joins_by_os():
    target = os.path.join(tempfile.gettempdir(), "copy.txt")
    shutil.copy("sample.txt", target)  # CIT003


def test_other_directories():
    Path("/var/tmp/app.lock").touch()  # CIT003
    open("/dev/shm/segment", "wb").close()  # CIT003


def test_formats():
    with open(f"{BASE}/part.csv", "w") as file:  # CIT003
        file.write("a")


def test_a_name_that_somebody_else_may_take():
    name = tempfile.mktemp(suffix=".db")  # CIT003
    with open(name, "wb") as file:
        file.write(b"")
