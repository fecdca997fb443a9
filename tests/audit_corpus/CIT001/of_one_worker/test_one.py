def test_one(shared, of_the_first):
    assert shared
