import helpers
from helpers import save_privately, save_settings as save


def test_writes_two_calls_down():
    helpers.dump("result.json", {"a": 1})


def test_writes_where_others_write():
    save("config", {"a": 1})


def test_writes_privately(tmp_path):
    save_privately(tmp_path, {"a": 1})
    helpers.dump(tmp_path / "result.json", {})
