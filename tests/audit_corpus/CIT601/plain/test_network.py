import socket
import urllib.request
from urllib.request import urlopen

import httpx
import openai
import requests

import boto3

API = "https://api.weather.example.com/v1"


def test_get():
    assert requests.get("https://api.github.com/zen").ok  # CIT601


def test_post():
    assert requests.post(API, json={}).ok  # CIT601


def test_session():
    session = requests.Session()
    assert session.get(f"{API}/today").ok  # CIT601


def test_urlopen():
    assert urlopen("http://www.python.org").read()  # CIT601
    assert urllib.request.urlopen("http://www.python.org").read()  # CIT601


async def test_httpx():
    async with httpx.AsyncClient() as client:
        response = await client.get("https://api.github.com")  # CIT601
    assert response.status_code == 200


def fetch(path):
    return requests.get("https://api.github.com" + path)  # CIT601


def test_helper():
    assert fetch("/zen").ok


def test_model():
    client = openai.OpenAI()
    answer = client.chat.completions.create(model="gpt-4o", messages=[])  # CIT601
    assert answer


def test_bucket():
    s3 = boto3.client("s3")
    assert s3.list_buckets()  # CIT601


def test_socket():
    socket.create_connection(("8.8.8.8", 53))  # CIT601
