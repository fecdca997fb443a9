from pathlib import Path


def test_home():
    (Path.home() / ".apprc").write_text("x")  # CIT001


def test_own_home(own_home):
    (Path.home() / ".profile").write_text("x")


def test_fixed_home(fixed_home):
    (Path.home() / ".bashrc").write_text("x")  # CIT001
