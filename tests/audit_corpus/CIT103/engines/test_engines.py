def test_engines(engine, async_engine, memory_engine, named_memory_engine, private_engine, worker_engine):
    assert engine is not memory_engine
