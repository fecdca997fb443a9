"""What `tmp_path` takes the place of."""

import asyncio
import os
import shutil
from pathlib import Path
from unittest import mock

import pytest


def export(folder):
    Path(folder, "out.txt").write_text("x")


def test_by_hand(tmp_path):
    folder = str(tmp_path)
    export(folder)
    assert os.listdir(folder) == ["out.txt"]  # a text, as ever


def test_finally(tmp_path):
    # Where it goes.
    folder = str(tmp_path)
    # Two words.
    export(folder)
    assert os.path.exists(os.path.join(folder, "out.txt"))


def test_finally_and_more(tmp_path):
    done = []
    folder = str(tmp_path)
    try:
        export(folder)
    finally:
        done.append(folder)
    assert done


def test_block(tmp_path):
    """A block."""
    folder = str(tmp_path)  # for the export

    export(folder)

    # Only one.
    assert os.listdir(folder) == ["out.txt"]
    assert True


def test_path(tmp_path):
    folder = tmp_path
    export(folder)
    assert (folder / "out.txt").read_text() == "x"


@pytest.mark.parametrize("name", ["a", "b"])
def test_parameters(name, tmp_path):
    folder = str(tmp_path)
    export(os.path.join(folder))
    assert name


@pytest.mark.parametrize(
    "name",
    ["a", "b"],
)
def test_several_lines(
    name,
    capsys,
    tmp_path,
):
    folder = str(tmp_path)
    with mock.patch("builtins.print") as fake:
        export(folder)
        print(name)
        assert fake.called


@mock.patch("os.getpid")
def test_defaults(getpid, tmp_path, number=3):
    assert os.listdir(str(tmp_path)) == []


class TestExport:
    def test_method(self, tmp_path):
        folder = str(tmp_path)
        export(folder)

    async def export(self, folder):
        export(folder)

    def test_inner(self, tmp_path):
        folder = str(tmp_path)
        asyncio.run(self.export(folder))
        assert os.listdir(folder)


def test_middle(tmp_path):
    folder = str(tmp_path)
    export(folder)
    shutil.rmtree(folder)
    assert not os.path.exists(folder)


def test_finally_with_a_comment(tmp_path):
    folder = str(tmp_path)
    try:
        export(folder)
    finally:  # whatever happens
        shutil.rmtree(folder)
