mode = ""
cache = {}
VERSION = "1"


def remember(key, value):
    """What the application does with its own is its own affair."""
    cache[key] = value


class Shop:
    debug = False
