"""Names of a module that tests bind anew."""

counter = 0
current_user = None
mode = "plain"


def test_counts():
    global counter
    counter += 1  # CIT201
    assert counter == 1


def test_counts_again():
    assert counter in (0, 1)


def login():
    global current_user
    current_user = "eve"  # CIT201


def test_login():
    login()
    assert current_user == "eve"


def test_nobody_is_logged_in():
    assert current_user is None


def test_puts_it_back():
    global mode
    mode = "fancy"
    try:
        assert mode == "fancy"
    finally:
        mode = "plain"


def test_mode():
    assert mode == "plain"
