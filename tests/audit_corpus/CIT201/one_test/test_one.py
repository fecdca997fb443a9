"""Nobody else reads them: no order can matter."""

handled = []


def handler(event):
    handled.append(event)


def test_handler():
    handler("x")
    assert handled == ["x"]
