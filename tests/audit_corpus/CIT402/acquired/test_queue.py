from queue_manager import BuyQueue


def test_enqueue(tmp_path):
    path = tmp_path / "q.json"
    path.write_text("[]")
    assert BuyQueue(str(path)).enqueue("AAPL")
