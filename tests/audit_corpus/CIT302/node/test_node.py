def test_node():
    assert True
