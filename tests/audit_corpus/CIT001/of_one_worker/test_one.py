def test_one(shared):
    assert shared
