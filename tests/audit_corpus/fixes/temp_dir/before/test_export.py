"""What `tmp_path` takes the place of."""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from unittest import mock

import pytest


def export(folder):
    Path(folder, "out.txt").write_text("x")


def test_by_hand():
    folder = tempfile.mkdtemp()
    export(folder)
    assert os.listdir(folder) == ["out.txt"]  # a text, as ever
    shutil.rmtree(folder)


def test_finally():
    # Where it goes.
    folder = tempfile.mkdtemp()
    try:
        # Two words.
        export(folder)
        assert os.path.exists(os.path.join(folder, "out.txt"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_finally_and_more():
    done = []
    folder = tempfile.mkdtemp()
    try:
        export(folder)
    finally:
        done.append(folder)
        shutil.rmtree(folder)
    assert done


def test_block():
    """A block."""
    with tempfile.TemporaryDirectory() as folder:  # for the export

        export(folder)

        # Only one.
        assert os.listdir(folder) == ["out.txt"]
    assert True


def test_path():
    folder = Path(tempfile.mkdtemp())
    export(folder)
    assert (folder / "out.txt").read_text() == "x"


@pytest.mark.parametrize("name", ["a", "b"])
def test_parameters(name):
    with tempfile.TemporaryDirectory() as folder:
        export(os.path.join(folder))
        assert name


@pytest.mark.parametrize(
    "name",
    ["a", "b"],
)
def test_several_lines(
    name,
    capsys,
):
    with mock.patch("builtins.print") as fake, tempfile.TemporaryDirectory() as folder:
        export(folder)
        print(name)
        assert fake.called


@mock.patch("os.getpid")
def test_defaults(getpid, number=3):
    assert os.listdir(tempfile.mkdtemp()) == []


class TestExport:
    def test_method(self):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            export(folder)

    async def export(self, folder):
        export(folder)

    def test_inner(self):
        folder = tempfile.mkdtemp()
        asyncio.run(self.export(folder))
        assert os.listdir(folder)


def test_middle():
    folder = tempfile.mkdtemp()
    export(folder)
    shutil.rmtree(folder)
    assert not os.path.exists(folder)


def test_finally_with_a_comment():
    folder = tempfile.mkdtemp()
    try:
        export(folder)
    finally:  # whatever happens
        shutil.rmtree(folder)
