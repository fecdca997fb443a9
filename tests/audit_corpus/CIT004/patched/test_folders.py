import os
import tempfile
from unittest import mock


def test_what_is_patched_makes_nothing():
    with mock.patch("tempfile.mkdtemp", return_value="here"):
        assert tempfile.mkdtemp() == "here"


def test_the_machines_own(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert os.path.exists(tempfile.gettempdir())
