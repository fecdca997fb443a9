import pytest


@pytest.fixture(scope="session", autouse=True)
def isolate_workers(
    tmp_path_factory,
    worker_id,
    monkeypatch,  # CIT301
):
    """Seed 002: pytest answers ScopeMismatch, and nothing is isolated."""
    monkeypatch.setenv("APP_DATA", str(tmp_path_factory.mktemp(worker_id)))


@pytest.fixture(scope="module")
def directory(tmp_path):  # CIT301
    return tmp_path


@pytest.fixture(scope="class")
def log(caplog):  # CIT301
    return caplog


@pytest.fixture(scope="package")
def output(capsys, tmpdir):  # CIT301
    return capsys


@pytest.fixture
def each_test():
    return 1


@pytest.fixture(scope="session")
def whole_run(each_test):  # CIT301
    return each_test


@pytest.fixture(scope="module")
def by_mark(mocker):  # CIT301
    return mocker
