def test_locked(sample, built, by_xdist_recipe):
    assert sample
