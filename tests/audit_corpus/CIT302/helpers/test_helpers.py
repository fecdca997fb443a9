def test_helpers():
    assert True
