from pathlib import Path


def test_home():
    (Path.home() / ".apprc").write_text("x")  # CIT001
