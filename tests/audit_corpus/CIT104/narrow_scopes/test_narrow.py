def test_narrow(each_test, each_file):
    assert True
