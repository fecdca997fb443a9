"""A test that calls a service outside of the machine, with nothing in between.

It fails when the service is slow, limits its callers or is down, and several workers call it at once, from every shard.
What it changes there, other tests and other runs see (axis X). Some services send a bill.

Bad:

```python
def test_zen():
    assert requests.get("https://api.github.com/zen").ok
```

Good: answer it here, with `responses`, `respx`, `requests_mock`, `pytest-httpx`, or a cassette of `vcr`.

```python
@responses.activate
def test_zen():
    responses.get("https://api.github.com/zen", body="Keep it simple.")
    assert requests.get("https://api.github.com/zen").ok
```

A test that is to call it says so, by a mark: `@pytest.mark.network`, which a run can leave out, or
`@pytest.mark.shared_resource("github", limit=2)`. Not found: tests with a mark, a fixture or a decorator of that
kind, or in a directory for integration tests; addresses of this machine; what is expected to fail.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from ci_tools.audit.context.around import ancestors, calls_with_fixtures
from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Call, Kind, Unit, UnitKind, Value
from ci_tools.audit.suite import Suite, finding

_READS = ("get", "head", "options", "urlopen", "urlretrieve", "create_connection")
_WRITES = ("delete", "patch", "post", "put", "request", "stream")
_CLIENTS = re.compile(
    r"(?:requests|requests\.Session|requests\.sessions\.Session|httpx|httpx\.(?:Async)?Client|aiohttp\.ClientSession"
    r"|urllib\.request|urllib3\.PoolManager|urllib3|socket)\.(\w+)"
)
_SERVICES = re.compile(
    r"(?:openai\.(?:Async)?(?:Azure)?OpenAI|anthropic\.(?:Async)?Anthropic|boto3\.(?:client|resource)"
    r"|google\.cloud\.\w+\.Client|cohere\.Client|stripe\.[A-Z]\w+)\.(\w[\w.]*)"
)
_OWN_ADDRESS = ("base_url", "endpoint_url", "http_client", "client_options", "transport", "app", "azure_endpoint")
_GUARDS = re.compile(
    r"aioresponses|acceptance|betamax|cassette|e2e|external|fake|functional|httpretty|integration|internet|live|mock"
    r"|moto|network|online|pook|recorder|remote|respx|responses|shared_resource|skip|smoke|stub|vcr|xfail|raises|wiremock"
)
_ANSWERERS = frozenset(
    {"aioresponses", "betamax", "httpretty", "moto", "pook", "requests_mock", "respx", "responses", "vcr", "wiremock"}
)
_LOCAL = re.compile(
    r"localhost|testserver|test|127\..*|0\.0\.0\.0|::1?|10\..*|192\.168\..*|.*\.(?:invalid|test|local|localhost|internal)"
)


def check(suite: Suite) -> Iterator[Finding]:
    """Find calls of external services by tests that don't say so."""
    for unit in suite.units:
        if unit.kind not in (UnitKind.TEST, UnitKind.FIXTURE):
            continue
        calls = [step for step in suite.steps[unit] if isinstance(step, Call)]
        for step in calls:
            service = _service(step)
            if service and not _is_guarded(suite, unit, step):
                is_read = step.name.rpartition(".")[2].startswith(
                    ("get", "head", "list", "describe", "urlopen", "create_conn")
                )
                yield finding(
                    step,
                    axis=Axis.TIME if is_read else Axis.WORKERS,
                    severity=Severity.MEDIUM,
                    fact=f"calls {service}, with no mock, cassette or mark",
                    fix="answer it by a mock or a cassette, or say so by a mark: `@pytest.mark.network`",
                )


def _service(call: Call) -> str:
    """Return whom a call talks to, "" if nobody outside."""
    named = _SERVICES.fullmatch(call.name)
    if named:
        made_with = call.receiver.attributes if call.receiver is not None else {}
        return "" if any(name in made_with for name in _OWN_ADDRESS) else f"`{call.name}`"
    client = _CLIENTS.fullmatch(call.name)
    if client is None or client[1] not in (*_READS, *_WRITES):
        return ""
    made_with = call.receiver.attributes if call.receiver is not None else {}
    if any(name in made_with for name in ("transport", "app", "mounts")):
        return ""
    texts = [_text(value) for value in (*call.args[:2], call.keywords.get("url"), made_with.get("base_url"))]
    return next((host for text in texts if (host := _host(text))), "")


def _text(value: Value | None) -> str:
    if value is None:
        return ""
    if value.kind is Kind.ITEMS and value.items:  # ("8.8.8.8", 53)
        return f"tcp://{_text(value.items[0])}/"
    return str(value.data) if value.kind in (Kind.CONST, Kind.PATH) else ""


def _host(url: str) -> str:
    """Return the host of an address, "" if it is no address, this machine's, or not known."""
    if not url.startswith(("http://", "https://", "tcp://")):
        return ""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return "" if "…" in host or "." not in host or _LOCAL.fullmatch(host) else host


def _is_guarded(suite: Suite, unit: Unit, step: Call) -> bool:
    above = (*ancestors(unit.module.tree, unit.node), unit.node)
    decorators = [ast.unparse(d) for node in above for d in getattr(node, "decorator_list", ())]
    if any(call.name.partition(".")[0] in _ANSWERERS for call in calls_with_fixtures(suite, unit)):
        return True
    within = [str(value.data) for value in step.within]
    folders = unit.module.path.split("/")[:-1]
    words = [*decorators, *within, *folders, *unit.requests, *unit.marks]
    return any(_GUARDS.search(word.lower()) for word in words)
