from counter import claim


def test_claim(tmp_path):
    path = tmp_path / "claims.json"
    path.write_text('{"claimed": 0}')
    assert claim(path, 1)
