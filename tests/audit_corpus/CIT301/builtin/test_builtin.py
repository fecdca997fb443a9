import pytest


@pytest.fixture(scope="module")
def module_wide():
    return 1


class TestA:
    @pytest.fixture(scope="session")
    def too_wide(self, module_wide):  # CIT301
        return module_wide

    def test_a(self, too_wide):
        assert too_wide
