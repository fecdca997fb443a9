"""A test or fixture that changes the state of its process and doesn't put it back.

The umask, signal handlers, the locale, the time zone, `sys.path` and `sys.modules`, levels and handlers of loggers:
all of them belong to the process, and every test that comes after in the same worker has them as they were left.
pytest-xdist deals the tests out anew in each run.

Bad:

```python
def test_private_file(tmp_path):
    os.umask(0o077)
    ...
```

Good:

```python
@pytest.fixture
def private_umask():
    before = os.umask(0o077)
    yield
    os.umask(before)
```

`monkeypatch.syspath_prepend`, `monkeypatch.setattr(sys, "argv", [...])`, `monkeypatch.delitem(sys.modules, "yaml")`
and `caplog.set_level(...)` put back by themselves. Not found: what the same test or one of its fixtures puts back;
filters of warnings, which pytest puts back after each test; what a conftest or a pytest hook does once for the whole
worker; what the application does to its process. Low where a later statement puts it back, which a failure skips, and
where a module is only taken out of `sys.modules`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.audit.context.afterwards import End, end_of, kept_by_fixtures
from ci_tools.audit.context.around import calls_with_fixtures, is_of_tests
from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Call, Kind, Place, Step, Store, UnitKind, Value
from ci_tools.audit.suite import Suite, finding

_CALLS = {
    "os.umask": "the umask",
    "signal.signal": "a signal handler",
    "signal.set_wakeup_fd": "the wakeup file descriptor of signals",
    "locale.setlocale": "the locale",
    "time.tzset": "the time zone",
    "sys.setrecursionlimit": "the recursion limit",
    "sys.setswitchinterval": "the switch interval",
    "sys.settrace": "the trace function",
    "sys.setprofile": "the profile function",
    "socket.setdefaulttimeout": "the default timeout of sockets",
    "gc.disable": "the garbage collector",
    "decimal.setcontext": "the decimal context",
    "logging.disable": "which log records are made",
    "logging.config.dictConfig": "the configuration of logging",
    "logging.config.fileConfig": "the configuration of logging",
    "logging.setLoggerClass": "the class of loggers",
    "logging.setLogRecordFactory": "the factory of log records",
    "logging.addLevelName": "the names of log levels",
    "multiprocessing.set_start_method": "how processes are started",
    "asyncio.set_event_loop_policy": "the event loop policy",
    "threading.settrace": "the trace function of threads",
    "threading.stack_size": "the stack size of threads",
    "mimetypes.add_type": "the known MIME types",
    "codecs.register": "the known codecs",
    "codecs.register_error": "the known error handlers of codecs",
    "resource.setrlimit": "a resource limit",
}
_LOGGER = ("setLevel", "addHandler", "removeHandler", "addFilter")
_LOGGER_ATTRIBUTES = ("level", "propagate", "disabled", "handlers")
_CONTAINERS = {
    "sys.path": "`sys.path`",
    "sys.modules": "`sys.modules`",
    "sys.meta_path": "`sys.meta_path`",
    "sys.path_hooks": "`sys.path_hooks`",
    "sys.argv": "`sys.argv`",
}
_CHANGES = ("append", "insert", "extend", "remove", "pop", "update", "clear", "setdefault")


def check(suite: Suite) -> Iterator[Finding]:
    """Find changes of the process that outlive their test."""
    kept = kept_by_fixtures(suite)
    for step in suite.all_steps():
        if step.unit.kind is UnitKind.MODULE or not is_of_tests(step):
            continue
        what = _changed(step)
        end = end_of(suite, step, kept) if what else End.PUT_BACK
        if end in (End.STAYS, End.PUT_BACK_IF_PASSED) and not _is_undone(suite, step):
            is_late = end is End.PUT_BACK_IF_PASSED
            rest = (
                ", and puts it back only if the test passes"
                if is_late
                else " for all tests that follow in the same worker"
            )
            yield finding(
                step,
                axis=Axis.ORDER,
                severity=Severity.LOW if is_late or _takes_away(step) else Severity.MEDIUM,
                fact=f"changes {what}{rest}",
                fix="put it back in a fixture behind its `yield`" + _help(what),
            )


def _changed(step: Step) -> str:
    """Return what a step changes; "" if nothing that belongs to the process."""
    if isinstance(step, Store):
        return _stored(step)
    if not isinstance(step, Call):
        return ""
    if step.name in _CALLS:
        return "" if _only_asks(step) else _CALLS[step.name]
    owner, _, method = step.name.rpartition(".")
    if _is_logger(step.receiver) and method in _LOGGER:
        return "a logger"
    return _CONTAINERS.get(owner, "") if method in _CHANGES else ""


def _stored(step: Store) -> str:
    if _is_logger(step.owner):
        return "a logger" if step.name in _LOGGER_ATTRIBUTES else ""
    if step.owner.kind is not Kind.OUTSIDE:
        return ""
    if step.place is Place.ITEM:
        return _CONTAINERS.get(str(step.owner.data), "")
    return f"`sys.{step.name}`" if step.owner.data == "sys" and step.place is Place.ATTRIBUTE else ""


def _is_logger(value: Value | None) -> bool:
    """Return whether it is a logger that others have, too: one of a name that is made up for the test is its own."""
    if value is None or value.kind is not Kind.MADE or value.data != "logging.getLogger":
        return False
    return not value.args or (value.args[0].kind is Kind.CONST and "test" not in str(value.args[0].data))


def _takes_away(step: Step) -> bool:
    """`del sys.modules["yaml"]`: the module is made anew where it is imported next."""
    if isinstance(step, Store):
        return step.is_delete
    return isinstance(step, Call) and step.name == "sys.modules.pop"


def _is_undone(suite: Suite, step: Step) -> bool:
    """`gc.disable()` is undone by another function than itself."""
    return (
        isinstance(step, Call)
        and step.name == "gc.disable"
        and any(call.name == "gc.enable" for call in calls_with_fixtures(suite, step.unit))
    )


def _only_asks(call: Call) -> bool:
    """`setlocale(LC_ALL)` says what it is."""
    return call.name == "locale.setlocale" and (
        (len(call.args) < 2 and "locale" not in call.keywords) or call.argument(1, "locale") == Value(Kind.CONST, None)
    )


def _help(what: str) -> str:
    if what == "`sys.path`":
        return ", or use `monkeypatch.syspath_prepend`"
    if what == "`sys.modules`":
        return ", or use `monkeypatch.setitem` or `monkeypatch.delitem`"
    if what.startswith("`sys."):
        return ", or use `monkeypatch.setattr`"
    return ", or use `caplog.set_level`" if what == "a logger" else ""
