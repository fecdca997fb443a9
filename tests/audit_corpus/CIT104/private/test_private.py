def test_private(sample, temporary, of_worker, version, built, text, directory):
    assert sample != temporary
