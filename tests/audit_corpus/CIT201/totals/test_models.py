def test_one(charge):
    charge(3)


def test_two(charge):
    charge(4)
