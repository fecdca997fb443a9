import os


def tags(text):
    return set(text.split())


def test_sorted():
    assert sorted(tags("b a")) == ["a", "b"]
    assert sorted(tag.upper() for tag in tags("b a")) == ["A", "B"]


def test_sets_have_no_order():
    assert tags("b a") == {"a", "b"}
    assert set(os.listdir(".")) >= set()
    assert len(tags("b a")) == 2


def test_one_has_no_order(tmp_path):
    (tmp_path / "a").touch()
    assert os.listdir(tmp_path) == ["a"]
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]
    assert list(tags("a")) == ["a"]
    assert list(tags("")) == []


def test_dicts_keep_their_order():
    assert list({"a": 1, "b": 2}) == ["a", "b"]
    assert str({"a": 1, "b": 2}) == "{'a': 1, 'b': 2}"


def test_small_numbers():
    """Their hash is themselves: the same in every process."""
    assert list({1, 2}) == [1, 2]


def test_both_are_the_same():
    found = tags("b a")
    assert list(found) == list(found)


def test_in(tmp_path):
    assert "a" in list(tags("a b"))
    assert os.listdir(tmp_path) != ["a", "b"]


def test_all():
    assert all(tag for tag in tags("b a"))
