import shop
import pytest
from shop import Settings, register, registry, settings


def test_debug():
    Settings.debug = True  # CIT201
    assert Settings().debug


def test_currency():
    settings.currency = "USD"  # CIT201
    assert settings.currency == "USD"


def test_hooks():
    Settings.hooks.append(print)  # CIT201
    assert Settings.hooks


def test_module():
    shop.settings = Settings()  # CIT201
    assert not shop.settings.debug


def test_registers():
    register("a", 1)
    assert registry == {"a": 1}


def test_registers_another():
    register("b", 2)
    assert registry == {"b": 2}


def test_with_monkeypatch(monkeypatch):
    monkeypatch.setattr(Settings, "debug", True)
    monkeypatch.setitem(registry, "x", 1)
    assert Settings.debug


@pytest.fixture
def debug():
    before = Settings.debug
    Settings.debug = True
    yield
    Settings.debug = before


def test_with_fixture(debug):
    assert Settings.debug


def test_instance():
    own = Settings()
    own.debug = True
    own.currency = "GBP"
    assert own.debug
