from portfolio import Portfolio


def test_buy(tmp_path):
    path = tmp_path / "p.json"
    path.write_text('{"cash": 10}')
    assert Portfolio(path).buy(3)
