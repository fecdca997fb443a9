import os
import shutil
from pathlib import Path
from shutil import rmtree

CACHE = Path(__file__).parent / ".cache"


def setup_module():
    shutil.rmtree("build", ignore_errors=True)  # CIT002


def teardown_module():
    if CACHE.exists():
        rmtree(CACHE)  # CIT002


def test_clears_with_keyword():
    rmtree(path=str(CACHE))  # CIT002


def test_clears_by_os():
    os.rmdir("empty")  # CIT002
    os.removedirs("a/b/c")  # CIT002


def test_clears_its_own(tmp_path):
    directory = tmp_path / "build"
    directory.mkdir()
    shutil.rmtree(directory)
    shutil.rmtree(str(tmp_path), ignore_errors=True)


def test_ignores_what_is_not_a_file():
    names = ["a", "b"]
    names.remove("a")
    assert names == ["b"]
