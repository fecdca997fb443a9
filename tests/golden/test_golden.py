"""Each file format's fixed bytes. After a wanted change: XDIST_CI_UPDATE_GOLDEN=1 pytest tests/golden"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from samples import FORMATS

GOLDEN = Path(__file__).parent
UPDATE = "XDIST_CI_UPDATE_GOLDEN"


def golden_path(file: str) -> Path:
    # Not by its own name: a `.test_durations` here would be taken for this project's own.
    return GOLDEN / f"golden{file}" if file.startswith(".") else GOLDEN / file


@pytest.mark.parametrize("file", FORMATS)
def test_the_bytes_are_those_of_the_golden_file(file: str) -> None:
    written = FORMATS[file].text.encode("utf-8")
    if os.environ.get(UPDATE) == "1":
        golden_path(file).write_bytes(written)
    assert written == golden_path(file).read_bytes()


@pytest.mark.parametrize("file", FORMATS)
def test_the_golden_file_reads_as_the_value(file: str) -> None:
    format = FORMATS[file]
    text = golden_path(file).read_bytes().decode("utf-8")
    assert format.loads(text, source=file) == format.read(format.sample)


def test_every_golden_file_has_its_format() -> None:
    files = {path for path in GOLDEN.iterdir() if path.suffix not in (".py", ".pyc") and path.is_file()}
    assert files == {golden_path(file) for file in FORMATS}
