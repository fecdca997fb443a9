def test_private(sample, temporary, of_worker, version, built, text, directory, asked):
    assert sample != temporary
