from unittest import mock

import httpx
import openai
import pytest
import requests
import responses
from moto import mock_aws

import boto3


@responses.activate
def test_responses():
    assert requests.get("https://api.github.com").ok


def test_requests_mock(requests_mock):
    assert requests.get("https://api.github.com").ok


@pytest.mark.vcr
def test_vcr():
    assert requests.get("https://api.github.com").ok


@pytest.mark.network
def test_marked():
    assert requests.get("https://api.github.com").ok


@pytest.mark.shared_resource("github", limit=2)
def test_limited():
    assert requests.get("https://api.github.com").ok


@mock.patch("requests.get")
def test_patched(get):
    assert requests.get("https://api.github.com").ok


def test_monkeypatched(monkeypatch):
    monkeypatch.setattr(requests, "get", lambda url: None)
    requests.get("https://api.github.com")


def test_local():
    requests.get("http://localhost:8000/health")
    requests.get("http://127.0.0.1/health")
    requests.get("http://[::1]/health")
    requests.get("http://testserver/")


def test_transport():
    client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200)))
    assert client.get("https://example.org/").status_code == 200
    with httpx.Client(base_url="https://example.org", transport=httpx.ASGITransport(app=None)) as inside:
        inside.get("https://example.org/")


def test_url_is_given(server_url):
    assert requests.get(server_url).ok
    assert requests.get(f"{server_url}/x").ok


@mock_aws
def test_moto():
    assert boto3.client("s3").list_buckets()


def test_endpoint():
    s3 = boto3.client("s3", endpoint_url="http://localhost:9000")
    assert s3.list_buckets()
    client = openai.OpenAI(base_url="http://localhost:1234", api_key="x")
    assert client.chat.completions.create(model="x", messages=[])


def test_fails():
    with pytest.raises(requests.ConnectionError):
        requests.get("https://nobody.invalid")


def test_only_made():
    request = requests.Request("GET", "https://api.github.com")
    assert request.prepare().url


def test_skipped_without_key():
    pytest.importorskip("boto3")
    client = openai.OpenAI(api_key="test")
    assert client
