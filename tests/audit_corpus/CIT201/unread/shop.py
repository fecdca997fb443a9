import cart

VERSION = (1, 0)
LIMIT = 3


def is_full(n):
    return n > LIMIT or cart.VERSION
