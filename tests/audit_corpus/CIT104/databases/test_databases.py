def test_databases(engine, memory, private):
    assert engine is not memory
