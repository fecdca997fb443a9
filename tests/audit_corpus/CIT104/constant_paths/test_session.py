def test_session(sample, model, unpacked, copied):
    assert sample != model
