"""What is known of names outside of the project: what they give when called, and what pytest's fixtures are."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ci_tools.audit.flow import texts
from ci_tools.audit.flow.given import FIXTURES, MONKEYPATCH
from ci_tools.audit.steps import UNKNOWN, Kind, Value

Args = Sequence[Value]
Keywords = Mapping[str, Value]

_PRIVATE_CALLS = frozenset(
    {
        "tempfile.mkdtemp",
        "tempfile.mkstemp",
        "tempfile.TemporaryDirectory",
        "tempfile.TemporaryFile",
        "tempfile.NamedTemporaryFile",
        "tempfile.SpooledTemporaryFile",
        "pytest.TempPathFactory.mktemp",
        "pytest.TempPathFactory.getbasetemp",
        "pytest.TempdirFactory.mktemp",
        "pytest.TempdirFactory.getbasetemp",
        "io.StringIO",
        "io.BytesIO",
    }
)
_UNIQUE_CALLS = frozenset({"os.getpid", "os.urandom", "threading.get_ident", "xdist.get_xdist_worker_id"})
_UNIQUE_MODULES = ("uuid.uuid1", "uuid.uuid4", "uuid.uuid6", "uuid.uuid7", "secrets.", "random.", "numpy.random.")
_LISTINGS = frozenset(
    {
        "os.listdir",
        "os.scandir",
        "os.walk",
        "glob.glob",
        "glob.iglob",
        "pathlib.Path.iterdir",
        "pathlib.Path.glob",
        "pathlib.Path.rglob",
    }
)
_PATHS = frozenset(
    f"pathlib.{name}" for name in ("Path", "PurePath", "PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath")
) | {"py.path.local", "anyio.Path", "str", "os.fspath", "os.fsencode", "os.fsdecode"}
_SAME = frozenset(
    {
        "os.path.abspath",
        "os.path.realpath",
        "os.path.normpath",
        "os.path.normcase",
        "os.path.expandvars",
        "copy.copy",
        "copy.deepcopy",
        "typing.cast",
        "contextlib.closing",
        "contextlib.nullcontext",
    }
)
_COLLECTIONS = {
    "list": "list",
    "tuple": "tuple",
    "set": "set",
    "frozenset": "frozenset",
    "dict": "dict",
    "collections.defaultdict": "dict",
    "collections.OrderedDict": "dict",
    "collections.Counter": "dict",
    "collections.deque": "list",
    "bytearray": "list",
}
_WORKER = "PYTEST_XDIST_WORKER"

_NO_PATHS = frozenset({"read_text", "read_bytes", "read", "exists", "is_file", "is_dir", "stat", "write_text", "check"})


def made(name: str, args: Args, keywords: Keywords, *, receiver: Value | None, node: ast.AST) -> Value:
    """Return what is known of a call's result; `receiver` is the object if it is a method."""
    special = _SPECIAL.get(name)
    if special is not None:
        return special(name, args, keywords, node)
    if receiver is not None:
        return _of_method(name, receiver, args, keywords, node)
    if name in _PRIVATE_CALLS:
        return _private(name, node)
    if name in _LISTINGS:
        return texts.listing(name, args, node)
    if name in _COLLECTIONS:
        return _collection(_COLLECTIONS[name], args, keywords, node)
    is_unique = name in _UNIQUE_CALLS or name.startswith(_UNIQUE_MODULES)
    return _made(name, args, keywords, node, is_unique=is_unique)


def _made(name: str, args: Args, keywords: Keywords, node: ast.AST, *, is_unique: bool = False) -> Value:
    return Value(
        Kind.MADE,
        name,
        args=tuple(args),
        is_unique=is_unique,
        node=node,
        attributes=dict(keywords),
    )


def _of_method(name: str, receiver: Value, args: Args, keywords: Keywords, node: ast.AST) -> Value:
    method = name.rpartition(".")[2]
    if name in _LISTINGS:
        return texts.listing(name, (receiver,), node)
    if receiver.kind is Kind.PRIVATE and method not in _NO_PATHS:
        return replace(receiver, home="", node=node)
    if receiver.kind is Kind.PATH:
        return _of_path(name, method, receiver, args, node)
    if receiver.kind is Kind.CONST and isinstance(receiver.data, str):
        return _of_text(method, receiver, args, keywords, node)
    if receiver.kind is Kind.ITEMS:
        return _of_items(method, receiver, args)
    if name in _PRIVATE_CALLS:
        return _private(name, node)
    if receiver.is_unique:
        return Value(Kind.MADE, name, args=tuple(args), is_unique=True, node=node)
    if name == "pytest.FixtureRequest.getfixturevalue":
        return FIXTURES.get(str(args[0].data) if args else "", UNKNOWN)
    if receiver.data == "pytest.Pytester":
        return texts.private("pytester", node)
    is_unique = name.startswith(_UNIQUE_MODULES)
    return UNKNOWN if name.startswith("?") else _made(name, args, keywords, node, is_unique=is_unique)


def _of_path(name: str, method: str, receiver: Value, args: Args, node: ast.AST) -> Value:
    if method in ("joinpath", "join", "with_name", "with_stem"):
        base = texts.parent(receiver) if method.startswith("with") else receiver
        return texts.join([base, *args], node=node)
    if method in ("absolute", "resolve", "expanduser", "as_posix", "rstrip", "strip", "with_suffix", "encode"):
        return replace(receiver, home="", node=node)
    if method == "format":
        return texts.formatted(receiver, args, gaps=texts.BRACES, node=node)
    return Value(Kind.MADE, name, args=(receiver, *args), node=node)


def _of_text(method: str, receiver: Value, args: Args, keywords: Keywords, node: ast.AST) -> Value:
    if method == "format":
        return texts.formatted(receiver, [*args, *keywords.values()], gaps=texts.BRACES, node=node)
    if method == "join" and args and args[0].kind is Kind.ITEMS:
        return texts.concat([p for i in args[0].items for p in (receiver, i)][1:], node=node)
    if method in ("encode", "lower", "upper", "strip", "rstrip", "lstrip"):
        return replace(receiver, home="", node=node)
    return UNKNOWN


def _of_items(method: str, receiver: Value, args: Args) -> Value:
    if method == "copy":
        return replace(receiver, home="")
    if method in ("union", "intersection", "difference", "symmetric_difference"):
        return replace(receiver, items=receiver.items if method != "union" else (), home="")
    if method == "keys":
        return Value(Kind.ITEMS, "list", items=receiver.args)
    if method == "values":
        return Value(Kind.ITEMS, "list", items=receiver.items)
    if method == "get" and args:
        return item(receiver, args[0])
    return UNKNOWN


def item(value: Value, key: Value) -> Value:
    """Return what is known of `value[key]`."""
    if value.kind is Kind.PRIVATE:
        return value
    if value.data == "os.environ" and key.data == _WORKER:
        return texts.UNIQUE
    if value.kind is not Kind.ITEMS or key.kind is not Kind.CONST:
        return Value(Kind.UNKNOWN, is_unique=value.is_unique, home=value.home)
    found = UNKNOWN
    if value.data == "dict":
        found = next((held for name, held in zip(value.args, value.items) if name == key), UNKNOWN)
    elif isinstance(key.data, int) and -len(value.items) <= key.data < len(value.items):
        found = value.items[key.data]
    return replace(found, home=value.home) if found.kind in (Kind.UNKNOWN, Kind.ITEMS) and value.home else found


def attribute(value: Value, name: str) -> Value:
    """Return what is known of an attribute of something that isn't the project's."""
    if value.kind is Kind.PRIVATE:
        return value
    if value.kind is Kind.PATH:
        if name in ("parent", "dirname"):
            return texts.parent(value)
        if name == "parents":
            return Value(Kind.MADE, "pathlib.Path.parents", args=(value,))
        return value if name in ("path", "strpath", "name") else UNKNOWN
    if value.kind is Kind.MADE:
        return _of_made(value, name)
    return Value(Kind.UNKNOWN, is_unique=value.is_unique)


def _of_made(value: Value, name: str) -> Value:
    if value.data == "pytest.Pytester":
        return texts.private("pytester") if name in ("path", "tmpdir") else UNKNOWN
    if value.data in ("pytest.FixtureRequest", "pytest.FixtureRequest.node"):
        return texts.UNIQUE if name in ("nodeid", "name") else Value(Kind.MADE, f"{value.data}.{name}")
    return replace(value, data=f"{value.data}.{name}", home="")


def _private(name: str, node: ast.AST) -> Value:
    value = texts.private(name, node)
    return Value(Kind.ITEMS, "tuple", items=(UNKNOWN, value)) if name == "tempfile.mkstemp" else value


def _collection(kind: str, args: Args, keywords: Keywords, node: ast.AST) -> Value:
    source = args[0] if args else UNKNOWN
    is_set = kind in ("set", "frozenset")
    known = source.items if source.kind is Kind.ITEMS and source.data != "dict" else ()
    keys = tuple(Value(Kind.CONST, key) for key in keywords) if kind == "dict" else ()
    items = (*known, *keywords.values()) if kind == "dict" else known
    if kind == "dict" and source.data == "dict" and source.kind is Kind.ITEMS:
        keys, items = (*source.args, *keys), (*source.items, *keywords.values())
    return Value(Kind.ITEMS, kind, items=items, args=keys, is_unordered=is_set or source.is_unordered, node=node)


def _path(name: str, args: Args, keywords: Keywords, node: ast.AST) -> Value:
    if not args:
        return texts.path(".", node=node) if name != "str" else texts.const("")
    if len(args) > 1 and name != "str":
        return texts.join(args, node=node)
    first = args[0]
    text = texts.text_of(first)
    if first.kind is Kind.CONST and text is not None and name != "str" and not name.startswith("os."):
        return texts.path(text, is_unique=first.is_unique, node=node)
    if first.kind is Kind.CONST and name == "str":
        return texts.const(text, node) if text is not None else UNKNOWN
    return replace(first, home="") if first.kind in (Kind.PATH, Kind.PRIVATE, Kind.CONST) else _vague(first)


def _vague(value: Value) -> Value:
    return Value(Kind.UNKNOWN, is_unique=value.is_unique)


def _same(name: str, args: Args, keywords: Keywords, node: ast.AST) -> Value:
    value = args[-1] if name == "typing.cast" and args else args[0] if args else UNKNOWN
    return replace(value, home="") if value.home else value


def _sorted(name: str, args: Args, keywords: Keywords, node: ast.AST) -> Value:
    value = args[0] if args else UNKNOWN
    known = value.kind in (Kind.ITEMS, Kind.MADE, Kind.PRIVATE)
    return replace(value, is_unordered=False, home="") if known else UNKNOWN


def _variable(name: str, args: Args, keywords: Keywords, node: ast.AST) -> Value:
    """Return what an environment variable is where it isn't set."""
    key, default = args[0] if args else UNKNOWN, args[1] if len(args) > 1 else keywords.get("default", UNKNOWN)
    if key.data == _WORKER:
        return texts.UNIQUE
    is_known = default.kind in (Kind.CONST, Kind.PATH) and default.data is not None
    return replace(default, home=f"os.environ.{key.data}") if is_known else Value(Kind.UNKNOWN)


def _monkeypatch(name: str, args: Args, keywords: Keywords, node: ast.AST) -> Value:
    return Value(Kind.MADE, MONKEYPATCH, node=node)


def _converted(name: str, args: Args, keywords: Keywords, node: ast.AST) -> Value:
    return Value(Kind.MADE, name, args=tuple(args), is_unique=any(arg.is_unique for arg in args), node=node)


def _dirname(name: str, args: Args, keywords: Keywords, node: ast.AST) -> Value:
    value = args[0] if args else UNKNOWN
    if value.kind is Kind.CONST and isinstance(value.data, str):
        value = texts.path(value.data)
    return texts.parent(value)


_SPECIAL: dict[str, Callable[[str, Args, Keywords, ast.AST], Value]] = {
    **dict.fromkeys(_PATHS, _path),
    **dict.fromkeys(_SAME, _same),
    **dict.fromkeys(("sorted", "min", "max"), _sorted),
    **dict.fromkeys(("pytest.MonkeyPatch.context", "pytest.MonkeyPatch"), _monkeypatch),
    **dict.fromkeys(("int", "hash", "hex", "repr", "abs"), _converted),
    "os.environ.get": _variable,
    "os.getenv": _variable,
    "os.path.dirname": _dirname,
    "os.path.expanduser": _same,
    "os.path.join": lambda name, args, keywords, node: texts.join(args, node=node),
    "tempfile.gettempdir": lambda name, args, keywords, node: texts.path("/tmp", node=node),
    "tempfile.mktemp": lambda name, args, keywords, node: Value(Kind.MADE, name, is_unique=True, node=node),
    "pathlib.Path.home": lambda name, args, keywords, node: texts.path("~", node=node),
}
