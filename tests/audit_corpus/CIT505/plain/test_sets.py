import os
from pathlib import Path


def tags(text):
    return set(text.split())


def test_list_of_set():
    assert list({"a", "b"}) == ["a", "b"]  # CIT505


def test_text_of_set():
    assert str({"a", "b"}) == "{'a', 'b'}"  # CIT505


def test_join():
    assert ", ".join({"a", "b"}) == "a, b"  # CIT505


def test_function():
    assert list(tags("b a")) == ["a", "b"]  # CIT505


def test_name():
    found = list(tags("b a"))
    assert found == ["a", "b"]  # CIT505


def test_comprehension():
    assert [tag.upper() for tag in tags("b a")] == ["A", "B"]  # CIT505


def test_listing(tmp_path):
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    assert os.listdir(tmp_path) == ["a", "b"]  # CIT505
    assert [path.name for path in tmp_path.iterdir()] == ["a", "b"]  # CIT505
    assert list(tmp_path.glob("*")) == [tmp_path / "a", tmp_path / "b"]  # CIT505
    found = os.listdir(tmp_path)
    assert found == ["a", "b"]  # CIT505
    assert "a" in Path(tmp_path / "b").name or True
