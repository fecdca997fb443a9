import unittest

import pytest

from shop.orders import Order

PRICES = {"apple": 50, "pear": 70}


@pytest.fixture
def order():
    return Order()


class TestOrder:
    def test_an_empty_order_costs_nothing(self, order):
        assert order.total(PRICES) == 0

    @pytest.mark.parametrize("amount", [1, 2, 10])
    def test_amounts_multiply(self, order, amount):
        order.add("apple", amount)
        assert order.total(PRICES) == 50 * amount

    class TestRefusals:
        def test_nothing_ordered(self, order):
            with pytest.raises(ValueError, match="nothing"):
                order.add("pear", 0)

        def test_unknown_article(self, order):
            order.add("plum")
            with pytest.raises(KeyError):
                order.total(PRICES)


class OrderCase(unittest.TestCase):
    def test_two_articles(self):
        order = Order()
        order.add("apple")
        order.add("pear")
        self.assertEqual(order.total(PRICES), 120)
