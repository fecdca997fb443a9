"""Ports that are named, and bound by nobody: seed 000 found only such."""

from unittest.mock import Mock

from fastapi.testclient import TestClient

from app import app

ORIGINS = ["http://localhost:3000", "http://127.0.0.1:5173"]


def test_guide_names_the_port():
    text = open("docs/guide.md").read()
    assert "http://localhost:8000" in text


def test_configuration():
    config = {"host": "0.0.0.0", "port": 8080, "cors": ORIGINS}
    assert config["port"] == 8080


def test_client():
    client = TestClient(app, base_url="http://localhost:8000")
    with client.websocket_connect("ws://localhost:8000/ws") as socket:
        assert socket.receive_json()


def test_connects_elsewhere():
    import socket

    with socket.socket() as client:
        client.connect(("localhost", 5432))


def test_mocked():
    server = Mock()
    server.bind(("localhost", 8080))
    server.bind.assert_called_once_with(("localhost", 8080))


def test_parses_an_address():
    from app import parse

    assert parse("localhost:9000", port=9000) == ("localhost", 9000)
