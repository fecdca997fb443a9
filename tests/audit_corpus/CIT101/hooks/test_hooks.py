def test_backend(backend, mode):
    assert backend != mode
