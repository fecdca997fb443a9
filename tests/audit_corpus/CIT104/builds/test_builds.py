def test_builds(frontend, containers, extension, migrated):
    assert True
