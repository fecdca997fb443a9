from app import Cache


def test_put():
    cache = Cache("/tmp/cache")
    cache.put("a", "1")


def test_repr():
    assert Cache("/tmp/cache").root == "/tmp/cache"
