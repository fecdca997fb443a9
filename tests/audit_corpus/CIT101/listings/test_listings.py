import glob
import os
from pathlib import Path

import pytest

from cases import all_cases

DATA = Path(__file__).parent / "data"
CASES = [path.name for path in DATA.iterdir()]
SORTED = sorted(DATA.glob("*.json"))


@pytest.mark.parametrize("path", DATA.glob("*.json"))  # CIT101
def test_glob(path):
    assert path


@pytest.mark.parametrize("name", os.listdir("tests/data"))  # CIT101
def test_listdir(name):
    assert name


@pytest.mark.parametrize("name", CASES)  # CIT101
def test_constant(name):
    assert name


@pytest.mark.parametrize("path", glob.glob("data/*.txt"), ids=os.path.basename)  # CIT101
def test_glob_glob(path):
    assert path


@pytest.mark.parametrize("path", SORTED)
def test_sorted(path):
    assert path


@pytest.mark.parametrize("path", sorted(os.listdir("tests/data")))
def test_sorted_listdir(path):
    assert path


@pytest.mark.parametrize("path", sorted(str(path) for path in DATA.rglob("*")))
def test_sorted_generator(path):
    assert path


@pytest.mark.parametrize("case", all_cases("data"))  # CIT101
def test_listing_of_a_helper(case):
    assert case


@pytest.mark.parametrize("case", sorted(all_cases("data")))
def test_sorted_listing_of_a_helper(case):
    assert case
