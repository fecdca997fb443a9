import pytest

from shop.prices import discount, with_tax


@pytest.mark.parametrize(("cents", "taxed"), [(0, 0), (1, 1), (100, 119), (999, 1189)])
def test_tax_is_added(cents, taxed):
    assert with_tax(cents) == taxed


@pytest.mark.parametrize("percent", [-1, 101])
def test_there_is_no_such_discount(percent):
    with pytest.raises(ValueError, match="no such discount"):
        discount(1000, percent)


@pytest.mark.parametrize("text", ["a/b", "a::b", "[x]", "100 %", "größer"])
def test_any_text_may_be_a_parameter(text):
    assert text


def test_a_discount_of_ten_percent():
    assert discount(1000, 10) == 890, "fails on purpose: see how a failure looks"


@pytest.mark.xfail(reason="discounts don't add up yet")
def test_two_discounts_add_up():
    assert discount(discount(1000, 10), 10) == 800


@pytest.mark.skip(reason="no euro in this shop")
def test_euro():
    raise AssertionError
