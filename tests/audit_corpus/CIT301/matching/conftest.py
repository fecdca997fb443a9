import pytest


@pytest.fixture(scope="session")
def monkeypatch_session():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="session")
def data(monkeypatch_session, tmp_path_factory, request, pytestconfig, worker_id, testrun_uid):
    monkeypatch_session.setenv("DATA", str(tmp_path_factory.mktemp("data")))


@pytest.fixture
def each_test(monkeypatch, tmp_path, data):
    return tmp_path


@pytest.fixture(scope="function")
def written_out(monkeypatch, each_test):
    return each_test


@pytest.fixture(scope="module")
def per_module(data):
    return data


@pytest.fixture(scope="class")
def per_class(per_module):
    return per_module


def scope_of(fixture_name, config):
    return "session"


@pytest.fixture(scope=scope_of)
def dynamic(monkeypatch):
    return monkeypatch


@pytest.fixture(scope="session")
def not_a_request(monkeypatch=None):
    return monkeypatch


@pytest.fixture(scope="session")
def tmp_path(tmp_path_factory):
    return tmp_path_factory.mktemp("one")


@pytest.fixture(scope="session")
def uses_the_overridden(tmp_path):
    return tmp_path


def helper(monkeypatch):
    return monkeypatch
