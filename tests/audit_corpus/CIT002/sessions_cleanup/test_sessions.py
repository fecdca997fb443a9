from app.settings import settings


def test_a_session_is_kept():
    assert not (settings.sessions_dir / "test-abc").exists()
