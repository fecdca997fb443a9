import os
import shutil
from pathlib import Path


def test_home(user_config):
    Path("~/.app").expanduser().mkdir()
    (Path.home() / ".app" / "cache").write_text("x")
    shutil.rmtree(os.path.expanduser("~/.app"))
