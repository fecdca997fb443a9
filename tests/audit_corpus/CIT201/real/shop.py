mode = ""
cache = {}
VERSION = "1"
calls = 0


def remember(key, value):
    """What the application does with its own is its own affair."""
    cache[key] = value


def count():
    global calls
    calls += 1


class Shop:
    debug = False
