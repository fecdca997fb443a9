"""Calls that bind a port."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_tools.audit.sinks.where import is_refused
from ci_tools.audit.steps import Call, Kind, Step, Value

LOWEST, HIGHEST = 1024, 65535  # below are the system's
_KEYWORD_ONLY = 99  # a position that nothing has
_IN_TEXT = re.compile(r":(\d{4,5})(?:/\w+)?$")

# What holds the address `(host, port)`, or the port alone: its position among the arguments, its keyword.
_ADDRESSES = {
    "socket.create_server": (0, "address"),
    "http.server.HTTPServer": (0, "server_address"),
    "http.server.ThreadingHTTPServer": (0, "server_address"),
    "socketserver.TCPServer": (0, "server_address"),
    "socketserver.UDPServer": (0, "server_address"),
    "socketserver.ThreadingTCPServer": (0, "server_address"),
    "socketserver.ThreadingUDPServer": (0, "server_address"),
    "xmlrpc.server.SimpleXMLRPCServer": (0, "addr"),
    "multiprocessing.connection.Listener": (0, "address"),
    "multiprocessing.managers.BaseManager": (0, "address"),
    "multiprocessing.managers.SyncManager": (0, "address"),
    "gevent.pywsgi.WSGIServer": (0, "listener"),
    "gevent.server.StreamServer": (0, "listener"),
    "eventlet.listen": (0, "addr"),
    "cheroot.wsgi.Server": (0, "bind_addr"),
    "asyncio.start_server": (2, "port"),
    "uvicorn.run": (_KEYWORD_ONLY, "port"),
    "uvicorn.Config": (_KEYWORD_ONLY, "port"),
    "waitress.serve": (_KEYWORD_ONLY, "port"),
    "bottle.run": (_KEYWORD_ONLY, "port"),
    "aiohttp.web.run_app": (_KEYWORD_ONLY, "port"),
    "aiohttp.web.TCPSite": (2, "port"),
    "aiosmtpd.controller.Controller": (_KEYWORD_ONLY, "port"),
    "werkzeug.serving.make_server": (1, "port"),
    "werkzeug.serving.run_simple": (1, "port"),
    "wsgiref.simple_server.make_server": (1, "port"),
    "websockets.serve": (2, "port"),
    "websockets.server.serve": (2, "port"),
    "websockets.asyncio.server.serve": (2, "port"),
    "websockets.sync.server.serve": (2, "port"),
    "prometheus_client.start_http_server": (0, "port"),
    "trio.open_tcp_listeners": (0, "port"),
    "trio.serve_tcp": (1, "port"),
    "anyio.create_tcp_listener": (_KEYWORD_ONLY, "local_port"),
}
# Of objects that aren't the project's, whatever they are.
_METHODS = {
    "bind": (0, "address"),
    "create_server": (2, "port"),
    "create_datagram_endpoint": (_KEYWORD_ONLY, "local_addr"),
    "add_insecure_port": (0, "address"),
    "add_secure_port": (0, "address"),
    "run_server": (_KEYWORD_ONLY, "port"),
    "run": (_KEYWORD_ONLY, "port"),
    "serve": (_KEYWORD_ONLY, "port"),
    "listen": (0, "port"),
}


def bound_by(step: Step) -> Iterator[int]:
    """Yield the fixed ports that a step binds."""
    if not isinstance(step, Call) or is_refused(step):
        return
    if step.name in _ADDRESSES:
        yield from _fixed(step.argument(*_ADDRESSES[step.name]))
    elif step.receiver is not None and step.receiver.kind in (Kind.MADE, Kind.UNKNOWN, Kind.OUTSIDE):
        is_mock = step.name.startswith(("unittest.mock.", "mock."))
        yield from () if is_mock else _bound_by_method(step, step.name.rpartition(".")[2])


def _bound_by_method(call: Call, method: str) -> Iterator[int]:
    if method == "listen" and (call.name.startswith("socket.") or len(call.args) != 1):
        return  # a backlog, or another kind of listening
    if method == "run" and "ports" in call.keywords:
        yield from _published(call.keywords["ports"])
    elif method in _METHODS:
        yield from _fixed(call.argument(*_METHODS[method]))


def _published(ports: Value) -> Iterator[int]:
    """Yield the host's ports of `{"5432/tcp": 5433}`."""
    for value in ports.items if ports.data == "dict" else ():
        yield from _fixed(value)


def _fixed(value: Value) -> Iterator[int]:
    """Yield the port of an address: a number, a tuple whose second is one, a text that ends in one."""
    if value.kind is Kind.ITEMS and len(value.items) >= 2:
        yield from _fixed(value.items[1]) if value.items[1].kind is Kind.CONST else ()
    elif value.kind is Kind.CONST and type(value.data) is int and LOWEST <= value.data <= HIGHEST:
        yield value.data
    elif value.kind in (Kind.CONST, Kind.PATH) and isinstance(value.data, str):
        match = _IN_TEXT.search(value.data)
        yield from (int(match.group(1)),) if match and LOWEST <= int(match.group(1)) <= HIGHEST else ()
