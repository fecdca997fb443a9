from pathlib import Path
from unittest import mock
from unittest.mock import mock_open, patch

import pytest


def test_open_is_patched():
    with patch("builtins.open", mock_open()) as opened:
        with open("report.txt", "w") as file:
            file.write("x")
    opened.assert_called_once()


@mock.patch("pathlib.Path.write_text")
def test_write_text_is_patched(write_text):
    Path("report.txt").write_text("x")


def test_on_pyfakefs(fs):
    Path("report.txt").write_text("x")


def test_is_refused():
    with pytest.raises(OSError):
        open("no/such/directory/report.txt", "w")


def test_click_keeps_files_apart():
    from click.testing import CliRunner

    runner = CliRunner()
    with runner.isolated_filesystem():
        with open("input.txt", "w") as file:
            file.write("x")


def test_of_a_project_in_a_directory_of_its_own(pytester):
    Path("conftest.py").write_text("")
    pytester.path.joinpath("test_a.py").write_text("")


def never_called():
    Path("report.txt").write_text("x")


if __name__ == "__main__":
    Path("report.txt").write_text("x")


def write(path):
    if path == "-":
        return
    with open(path, "w") as file:
        file.write("x")


def test_standard_output():
    write("-")
