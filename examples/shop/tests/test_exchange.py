"""The oversized file: alone it takes longer than all the others together."""

import pytest

from shop.prices import exchange

RATES = [0.5, 0.9, 1.0, 1.1, 1.5, 2.0]


class TestEuro:
    @pytest.mark.parametrize("rate", RATES)
    def test_to_euro(self, rate):
        assert exchange(1000, rate) == 1000 * rate


class TestDollar:
    @pytest.mark.parametrize("rate", RATES)
    def test_to_dollar(self, rate):
        assert exchange(2000, rate) == 2000 * rate


@pytest.mark.parametrize("rate", RATES)
def test_to_yen(rate):
    assert exchange(100, rate) == round(100 * rate)


@pytest.mark.slow
@pytest.mark.parametrize("rate", RATES)
def test_there_and_back(rate):
    assert exchange(exchange(3000, rate), 1 / rate) == pytest.approx(3000, abs=1)
