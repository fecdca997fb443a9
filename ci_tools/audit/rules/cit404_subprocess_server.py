"""A server started with a fixed port or a fixed pid file.

Two workers, or two jobs on one machine, start it twice: the second doesn't come up, and its tests talk to the first
one's, or to nobody.

Bad:

```python
@pytest.fixture
def server():
    process = subprocess.Popen(["uvicorn", "app:app", "--port", "8000"])
```

Good:

```python
@pytest.fixture
def server(unused_port):
    process = subprocess.Popen(["uvicorn", "app:app", "--port", str(unused_port)])
```

A server that all tests may share is started once for all workers, with the `once` fixture. Not found: port 0, a port
that comes from a fixture, and clients (`curl`, `psql -p 5432`), which only say where they go.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Call, Kind, Value
from ci_tools.audit.suite import Suite, finding

_STARTS = frozenset(
    {
        "asyncio.create_subprocess_exec",
        "asyncio.create_subprocess_shell",
        "os.popen",
        "os.system",
        "subprocess.Popen",
        "subprocess.call",
        "subprocess.check_call",
        "subprocess.check_output",
        "subprocess.getoutput",
        "subprocess.run",
    }
)
_CLIENTS = frozenset(
    {
        "curl",
        "docker-compose",
        "http",
        "kubectl",
        "mkdir",
        "mongo",
        "mongosh",
        "mysql",
        "mysqladmin",
        "nmap",
        "pg_dump",
        "pg_isready",
        "pg_restore",
        "ping",
        "psql",
        "redis-cli",
        "rsync",
        "scp",
        "sftp",
        "ssh",
        "telnet",
        "wget",
    }
)
_PORT = re.compile(r"--(?:[a-z-]+-)?(?:port|bind|listen|addr|address)$|-[pb]$")
_PORT_EQUALS = re.compile(r"--(?:[a-z-]+-)?(?:port|bind|listen|addr|address)=(.+)")
_BEFORE_PORT = ("http.server", "runserver", "SimpleHTTPServer")  # their port is the next word
_PIDFILE = re.compile(r"--?pid-?file$|--pid$")
_ANY = "\0"  # a word that isn't known


def check(suite: Suite) -> Iterator[Finding]:
    """Find programs that are started with a port or pid file that every worker would give them."""
    for step in suite.all_steps():
        if not isinstance(step, Call) or step.name not in _STARTS:
            continue
        words = _words(step)
        port, pidfile = _port(words), _pidfile(words)
        if port or pidfile:
            held = f"port {port}" if port else f"pid file {pidfile!r}"
            yield finding(
                step,
                axis=Axis.WORKERS,
                severity=Severity.MEDIUM,
                fact=f"starts `{_program(words)}` with {held}, which every worker would take",
                fix="give it a port from the `unused_port` fixture" if port else "put it below `tmp_path`",
            )


def _words(call: Call) -> list[str]:
    """Return the command's words; those that aren't known are NUL."""
    is_exec = call.name == "asyncio.create_subprocess_exec"
    command = Value(Kind.ITEMS, "list", items=call.args) if is_exec else call.argument(0, "args")
    if command.kind is Kind.ITEMS:
        return [_word(item) for item in command.items]
    text = _word(command)
    try:
        return [_ANY if "…" in word else word for word in shlex.split(text)]
    except ValueError:  # a quote that doesn't end
        return []


def _word(value: Value) -> str:
    if value.kind is Kind.OUTSIDE and value.data == "sys.executable":
        return "python"
    is_known = value.kind in (Kind.CONST, Kind.PATH) and not value.is_unique
    return str(value.data) if is_known else _ANY


def _program(words: Sequence[str]) -> str:
    first = words[0].rpartition("/")[2]
    is_module = first.startswith("python") and len(words) > 2
    return next((w for w in words[1:] if not w.startswith("-") and w != _ANY), first) if is_module else first


def _port(words: Sequence[str]) -> int:
    """Return the port that the program would listen on, 0 if none is seen."""
    if not words or words[0].rpartition("/")[2] in _CLIENTS:
        return 0
    is_docker = words[0] in ("docker", "podman")
    if is_docker and "run" not in words[1:3]:
        return 0
    for before, word in pairwise(words):
        joined = _PORT_EQUALS.match(word)
        if joined or _PORT.match(before) or before in _BEFORE_PORT:
            number = _published(word) if is_docker else _number(joined[1] if joined else word)
            if number:
                return number
    return 0


def _number(text: str) -> int:
    """`8000`, `:8000`, `127.0.0.1:8000`."""
    digits = text.rpartition(":")[2]
    number = int(digits) if re.fullmatch(r"[0-9]{4,5}", digits) else 0
    return number if 1024 <= number <= 65535 else 0


def _published(text: str) -> int:
    """`8080:80`, `127.0.0.1:8080:80`; a container's port alone gets a free one."""
    host, _, _container = text.rpartition(":")
    return _number(host)


def _pidfile(words: Sequence[str]) -> str:
    return next((word for before, word in pairwise(words) if _PIDFILE.match(before) and word != _ANY), "")
