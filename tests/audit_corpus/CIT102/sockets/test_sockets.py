import asyncio
import socket
import socketserver
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing.connection import Listener

PORT = 8765


def test_binds():
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.bind(("127.0.0.1", 8080))  # CIT102
    server.listen(5)


def test_binds_a_constant():
    with socket.socket() as server:
        server.bind(("", PORT))  # CIT102


def test_create_server():
    socket.create_server(("localhost", PORT + 1)).close()  # CIT102


def test_http_server():
    server = HTTPServer(("localhost", 8000), BaseHTTPRequestHandler)  # CIT102
    server.server_close()


def test_tcp_server():
    with socketserver.TCPServer(("", 9999), None):  # CIT102
        pass


def test_listener():
    Listener(("localhost", 6000)).close()  # CIT102


async def test_start_server():
    server = await asyncio.start_server(print, "127.0.0.1", 8888)  # CIT102
    server.close()


async def test_loop():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 8889)  # CIT102
    server.close()
    await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 9999))  # CIT102
