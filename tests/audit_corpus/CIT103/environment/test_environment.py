def test_environment(database, shared_database, memory_database):
    assert True
