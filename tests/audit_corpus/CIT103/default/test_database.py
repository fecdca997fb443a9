from database import TEST_URL, make_engine


def test_default():
    assert make_engine()


def test_other_default():
    assert make_engine(TEST_URL)


def test_memory():
    assert make_engine("sqlite://")
