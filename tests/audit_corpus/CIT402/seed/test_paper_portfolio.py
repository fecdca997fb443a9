from paper_portfolio import Portfolio


def test_buy(tmp_path):
    portfolio = Portfolio(tmp_path / "portfolio.json")
    assert portfolio.buy("AAPL", 10, 150.0)["success"]
