def test_session():
    assert True
