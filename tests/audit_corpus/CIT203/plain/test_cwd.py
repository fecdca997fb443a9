import os
from os import chdir
from pathlib import Path

import pytest


def test_moves(tmp_path):
    os.chdir(tmp_path)  # CIT203
    assert Path.cwd() == tmp_path


def test_moves_by_name(tmp_path):
    chdir(str(tmp_path))  # CIT203
    assert os.listdir(".") == []


def test_moves_up():
    os.chdir("..")  # CIT203


@pytest.fixture
def project(tmp_path):
    os.chdir(tmp_path)  # CIT203
    return tmp_path


def test_project(project):
    assert project.exists()


def enter(folder):
    os.chdir(folder)  # CIT203


def test_helper(tmp_path):
    enter(tmp_path)
    assert not os.path.exists("x")


def test_py_path(tmpdir):
    tmpdir.chdir()  # CIT203
    assert not os.path.exists("x")
