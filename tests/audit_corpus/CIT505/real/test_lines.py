def lines():
    return list({1, 2, 3})


def numbers(text):
    return list({int(word) for word in text.split()})


def test_numbers():
    assert lines() == [1, 2, 3]
    assert numbers("1 2") == [1, 2]
