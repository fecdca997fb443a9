def pytest_generate_tests(metafunc):
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", {"sqlite", "postgres"})  # CIT101
    if "mode" in metafunc.fixturenames:
        metafunc.parametrize("mode", ["fast", "slow"])
