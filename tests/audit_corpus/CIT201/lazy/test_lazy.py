from conftest import parsed, schema

_compiled = None


def compiled():
    global _compiled
    if _compiled is None:
        _compiled = object()
    return _compiled


def test_app(app):
    assert app and compiled()


def test_schema():
    assert schema("a") == "A" and parsed("a") == "A" and compiled()


def test_schema_again():
    assert schema("a") == "A"
