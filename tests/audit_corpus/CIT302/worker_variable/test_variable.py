def test_variable():
    assert True
