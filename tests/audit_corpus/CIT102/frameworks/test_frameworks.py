import threading

import uvicorn
from aiohttp import web
from flask import Flask
from werkzeug.serving import make_server, run_simple

SERVER_PORT = 5001


def serve():
    uvicorn.run("app:app", host="127.0.0.1", port=8000)  # CIT102


def test_in_a_thread():
    threading.Thread(target=serve, daemon=True).start()


def test_configuration():
    server = uvicorn.Server(uvicorn.Config("app:app", port=8001))  # CIT102
    server.run()


def test_flask():
    app = Flask("app")
    app.run(port=SERVER_PORT)  # CIT102


def test_werkzeug():
    server = make_server("localhost", 5002, None)  # CIT102
    server.server_close()
    run_simple("localhost", 5003, None)  # CIT102


async def test_aiohttp():
    runner = web.AppRunner(web.Application())
    site = web.TCPSite(runner, "localhost", 8080)  # CIT102
    await site.start()


def test_grpc():
    import grpc

    server = grpc.server(None)
    server.add_insecure_port("[::]:50051")  # CIT102


def test_zmq():
    import zmq

    zmq.Context().socket(zmq.REP).bind("tcp://*:5555")  # CIT102


def test_metrics():
    from prometheus_client import start_http_server

    start_http_server(9100)  # CIT102


def test_docker():
    import docker

    docker.from_env().containers.run("postgres", ports={"5432/tcp": 5433}, detach=True)  # CIT102
