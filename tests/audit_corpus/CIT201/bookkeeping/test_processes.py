"""What a helper has started, another one ends."""

started = set()
left_over = set()


def start(name):
    started.add(name)
    return name


def end_all():
    while started:
        started.pop()


def test_starts():
    assert start("one")


def test_starts_and_ends():
    assert start("two")
    end_all()


def test_leaves():
    left_over.add("x")  # CIT201


def test_is_there():
    assert left_over
