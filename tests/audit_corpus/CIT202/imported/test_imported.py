"""Said when the file is imported: another shard, which doesn't import it, has another environment."""

import os

os.environ["APP_MODE"] = "imported"  # CIT202


def test_mode():
    assert os.environ["APP_MODE"] == "imported"
