"""Requests and replies, held against GitHub's own description of its API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from runner.openapi import description

Json = Any


@dataclass(frozen=True)
class Request:
    """One request as it came; `host` is `api` or `blobs`."""

    host: str
    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: Json


@dataclass
class Reply:
    status: int
    body: Json = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    @property
    def data(self) -> bytes:
        return self.raw if self.raw is not None else b"" if self.body is None else json.dumps(self.body).encode()


@cache
def _openapi() -> OpenAPI:
    return OpenAPI.from_dict(description())


def violations(request: Request, reply: Reply | None) -> list[str]:
    """Return what GitHub's description doesn't allow about a request, or about the fake's own reply to it."""
    mock = MockRequest(
        "http://127.0.0.1",
        request.method.lower(),
        request.path,
        args=request.query,
        headers=dict(request.headers),
        data=json.dumps(request.body).encode() if request.body is not None else None,
        content_type="application/json",
    )
    if reply is None:
        found = list(_openapi().iter_request_errors(mock))
    elif reply.status in (302, 401, 403, 404, 410):  # described without a body, or by no schema at all
        return []
    else:
        answer = MockResponse(reply.data, status_code=reply.status, content_type="application/json")
        found = list(_openapi().iter_response_errors(mock, answer))
    return [f"{request.method} {request.path}: …{str(error.__cause__ or error)[-200:]}" for error in found]
