"""What the flow follows: calls of the project, directories, what is patched, what is put back."""

from __future__ import annotations

from pathlib import Path

import pytest
from audit.suites import calls_of, known, sinks_of, steps_of, stores_of, suite_of

from ci_tools.audit.steps import Call, Check, Step, Store

HELPERS = {
    "tests/__init__.py": "",
    "tests/helpers.py": """
        import os
        from contextlib import contextmanager
        from elsewhere import sink
        from .deeper import Store, save as save_deeper

        @contextmanager
        def inside(path):
            before = os.getcwd()
            os.chdir(path)
            try:
                yield path
            finally:
                os.chdir(before)

        def save(where=None, name="a.txt"):
            if where is None:
                where = "out"
            save_deeper(os.path.join(where, name))

        def again(x):
            sink(x)
            return again(x)
    """,
    "tests/deeper.py": """
        from pathlib import Path
        from elsewhere import sink

        def save(path):
            sink(path)
            too_deep(path)

        def too_deep(path):
            sink("too deep")

        class Base:
            root = Path("base")

            def __init__(self, root=None):
                self.root = root or self.root

            def keep(self):
                sink(self.file)

            @property
            def file(self):
                return self.root / "f"

        class Store(Base):
            def __init__(self, root=None):
                super().__init__(root)

            def __enter__(self):
                return self

            @classmethod
            def make(cls):
                return cls("made")

            @staticmethod
            def put(x):
                sink(x)
    """,
}
HEAD = """\
import os, shutil, signal, sys, threading, logging, warnings
from pathlib import Path
from unittest import mock
from unittest.mock import patch
import pytest
from elsewhere import sink
from tests import helpers
from tests.helpers import Store, again, inside, save

CACHE = {}
COUNT = 0


"""


NO_SINK = """\
@pytest.fixture(autouse=True)
def no(monkeypatch):
    monkeypatch.setattr("elsewhere.sink", print)

"""


def suite_with(root: Path, text: str) -> list[Step]:
    suite = suite_of(root, {**HELPERS, "tests/test_a.py": HEAD + text})
    assert suite.problems == ()
    return steps_of(suite, "::test_a")


def sinks(root: Path, body: str, parameters: str = "tmp_path") -> list[str]:
    text = f"{HEAD}def test_a({parameters}):\n    " + body.replace("\n", "\n    ")
    return sinks_of(suite_of(root, {**HELPERS, "tests/test_a.py": text}), "::test_a")


@pytest.mark.parametrize(
    ("body", "reached"),
    [
        ("save()", ["path out/a.txt"]),
        ("save(tmp_path)", ["private tmp_path"]),
        ("helpers.save(where='x', name='b')", ["path x/b"]),
        ("again('a')", ["const a"]),
        ("Store().keep()", ["path base/f"]),
        ("Store(tmp_path).keep()", ["private tmp_path"]),
        ("Store.make().keep()", ["path made/f"]),
        ("with Store(tmp_path) as s:\n    s.keep()", ["private tmp_path"]),
        ("Store.put('p')", ["const p"]),
        ("threading.Thread(target=Store.put, args=('p',)).start()", ["const p"]),
        ("with inside(tmp_path) as d:\n    sink(d)", ["private tmp_path"]),
        ("if False:\n    sink('never')", []),
        ("s = Store()\ns.is_on = False\nif s.is_on:\n    sink('maybe')", ["const maybe"]),
        ("pytest.skip('no')\nsink('never')", []),
        ("for x in []:\n    continue\n    sink('never')", []),
        ("with pytest.raises(OSError):\n    raise OSError\nsink('after')", ["const after"]),
    ],
)
def test_calls_of_the_project_are_followed_two_deep(body: str, reached: list[str], tmp_path: Path) -> None:
    assert sinks(tmp_path, body) == reached


def test_a_step_knows_the_calls_that_lead_to_it(tmp_path: Path) -> None:
    suite = suite_of(tmp_path, {**HELPERS, "tests/test_a.py": HEAD + "def test_a():\n    save()\n"})
    (sink,) = [call for call in calls_of(suite, "::test_a") if call.name == "elsewhere.sink"]
    assert [(f.module.path, f.function) for f in sink.frames] == [
        ("tests/test_a.py", "save"),
        ("tests/helpers.py", "save"),
    ]
    assert (sink.module.path, sink.symbol, sink.unit.name) == ("tests/deeper.py", "save", "test_a")


@pytest.mark.parametrize(
    ("body", "parameters", "cwd"),
    [
        ("sink(1)", "", "unknown"),
        ("os.chdir(tmp_path)\nsink(1)", "tmp_path", "private tmp_path"),
        ("monkeypatch.chdir(tmp_path)\nsink(1)", "tmp_path, monkeypatch", "private tmp_path"),
        ("tmpdir.chdir()\nsink(1)", "tmpdir", "private tmpdir"),
        ("with tmpdir.as_cwd():\n    sink(1)", "tmpdir", "private tmpdir"),
        ("with inside(tmp_path):\n    sink(1)", "tmp_path", "private tmp_path"),
        ("with inside(tmp_path):\n    pass\nsink(1)", "tmp_path", "unknown"),
        ("with runner.isolated_filesystem():\n    sink(1)", "runner", "private isolated_filesystem"),
        ("sink(1)", "pytester", "private pytester"),
        ("os.chdir('out')\nsink(1)", "", "const out"),
        ("os.chdir(tmp_path)\ntry:\n    pass\nfinally:\n    os.chdir('/')\nsink(1)", "tmp_path", "const /"),
        (
            "os.chdir(tmp_path)\nrequest.addfinalizer(lambda: os.chdir('/'))\nsink(1)",
            "tmp_path, request",
            "private tmp_path",
        ),
        ("os.chdir(where)\nsink(1)", "where", "made os.chdir"),
        ("sink(1)", "home", "private tmp_path"),
    ],
)
def test_relative_paths_begin_where_the_test_moved_to(body: str, parameters: str, cwd: str, tmp_path: Path) -> None:
    fixture = "@pytest.fixture\ndef home(tmp_path):\n    os.chdir(tmp_path)\n    yield\n    os.chdir('/')\n\n"
    text = f"{HEAD}{fixture}def test_a({parameters}):\n    " + body.replace("\n", "\n    ")
    suite = suite_of(tmp_path, {**HELPERS, "tests/test_a.py": text})
    (sink,) = [call for call in calls_of(suite, "::test_a") if call.name == "elsewhere.sink"]
    assert known(sink.cwd) == cwd
    relative = sink.args[0].__class__(sink.args[0].kind, "a.txt")
    assert sink.is_private(relative) == (cwd.startswith(("private", "made")))


@pytest.mark.parametrize(
    "text",
    [
        "@patch('elsewhere.sink')\ndef test_a(m):\n    sink(1)",
        "@mock.patch('tests.test_a.sink')\ndef test_a(m):\n    sink(1)",
        "@patch('tests.deeper.sink')\ndef test_a(m):\n    save()",
        "@patch('tests.helpers.save')\ndef test_a(m):\n    save()",
        "@patch.object(helpers, 'save')\ndef test_a(m):\n    helpers.save()",
        "@patch('tests.test_a.sink')\nclass TestA:\n    def test_a(self, m):\n        sink(1)",
        "def test_a():\n    with patch('elsewhere.sink'):\n        sink(1)",
        "def test_a(mocker):\n    mocker.patch('elsewhere.sink')\n    sink(1)",
        "def test_a(monkeypatch):\n    monkeypatch.setattr('tests.helpers.save', print)\n    helpers.save()",
        "def test_a(monkeypatch):\n    monkeypatch.setattr(helpers, 'save', print)\n    helpers.save()",
        NO_SINK + "def test_a():\n    print()\n    sink(1)",
    ],
)
def test_what_is_patched_does_nothing(text: str, tmp_path: Path) -> None:
    steps = suite_with(tmp_path, text)
    assert steps and [step for step in steps if isinstance(step, Call) and step.name == "elsewhere.sink"] == []


def test_a_name_that_is_patched_in_one_module_is_itself_in_others(tmp_path: Path) -> None:
    assert sinks(tmp_path, "with patch('tests.deeper.sink'):\n    save()\n    sink(1)") == ["const 1"]


def test_of_two_helpers_of_one_name_the_nearest_is_meant(tmp_path: Path) -> None:
    test = "from elsewhere import sink\nfrom helpers import HOME\ndef test_a(): sink(HOME)\n"
    files = {f"{name}/helpers.py": f"HOME = '{name}'\n" for name in "abc"} | {
        f"{name}/test_{name}.py": test for name in "abc"
    }
    suite = suite_of(tmp_path, files)
    assert [sinks_of(suite, f"test_{name}.py::test_a") for name in "abc"] == [["const a"], ["const b"], ["const c"]]


def test_a_patch_ends_with_its_with(tmp_path: Path) -> None:
    assert sinks(tmp_path, "with patch('elsewhere.sink'):\n    sink(1)\nsink(2)") == ["const 2"]


def test_a_fake_file_system_takes_all_files(tmp_path: Path) -> None:
    text = HEAD + "def test_a(fs):\n    open('a', 'w')\n    os.remove('a')\n    sink(1)\n"
    suite = suite_of(tmp_path, {"tests/test_a.py": text})
    assert [call.name for call in calls_of(suite, "::test_a")] == ["elsewhere.sink"]


def test_an_attribute_that_is_patched_is_what_it_is_patched_with(tmp_path: Path) -> None:
    files = {
        "app.py": "class Settings:\n    home = 'data'\n\nsettings = Settings()\n",
        "test_a.py": """
            from app import settings
            from elsewhere import sink
            def test_before(): sink(settings.home)
            def test_patched(tmp_path, monkeypatch):
                monkeypatch.setattr(settings, "home", tmp_path)
                sink(settings.home)
            def test_set(tmp_path):
                settings.home = tmp_path
                sink(settings.home)
            def test_after(): sink(settings.home)
        """,
    }
    suite = suite_of(tmp_path, files)
    reached = [sinks_of(suite, f"::test_{name}") for name in ("before", "patched", "set", "after")]
    assert reached == [["const data"], ["private tmp_path"], ["private tmp_path"], ["const data"]]


CHANGES = ("sys.path", "os.chdir", "signal.signal", "shutil.rmtree", "logging.getLogger.addHandler")
RESTORED = {
    "os.environ['A'] = 'b'": False,
    "os.environ['A'] = 'b'\ntry:\n    pass\nfinally:\n    del os.environ['A']": True,
    "os.environ['A'] = 'b'\ntry:\n    pass\nfinally:\n    os.environ.pop('B')": False,
    "old = dict(os.environ)\nos.environ['A'] = 'b'\ntry:\n    pass\nfinally:\n    os.environ.clear()": True,
    "with patch.dict(os.environ):\n    os.environ['A'] = 'b'": True,
    "monkeypatch.setenv('A', '')\nos.environ['A'] = 'b'": True,
    "os.environ['A'] = 'b'\nrequest.addfinalizer(lambda: os.environ.pop('A'))": True,
    "sys.path.insert(0, 'x')": False,
    "sys.path.insert(0, 'x')\ntry:\n    pass\nfinally:\n    sys.path.pop(0)": True,
    "os.chdir('x')\ntry:\n    pass\nfinally:\n    os.chdir('y')": True,
    "signal.signal(1, print)\ntry:\n    pass\nfinally:\n    signal.signal(1, old)": True,
    "CACHE['a'] = 1": False,
    "CACHE['a'] = 1\ntry:\n    pass\nfinally:\n    CACHE.clear()": True,
    "shutil.rmtree('x')\ntry:\n    pass\nfinally:\n    shutil.rmtree('x')": False,
    "log = logging.getLogger()\nlog.addHandler(1)\ntry:\n    pass\nfinally:\n    log.removeHandler(1)": True,
}


@pytest.mark.parametrize("body", RESTORED)
def test_what_is_put_back_is_known(body: str, tmp_path: Path) -> None:
    steps = suite_with(tmp_path, "def test_a(monkeypatch, request, old):\n    " + body.replace("\n", "\n    "))
    changes = [s for s in steps if isinstance(s, Store) or (isinstance(s, Call) and s.name.startswith(CHANGES))]
    assert changes[0].is_restored is RESTORED[body]


def test_a_tear_down_puts_back_what_set_up_and_tests_change(tmp_path: Path) -> None:
    text = """\
import os, unittest
class TestA(unittest.TestCase):
    def setUp(self):
        os.environ["A"] = "1"
        os.environ["B"] = "1"
    def tearDown(self):
        del os.environ["A"]
    def test_a(self):
        os.environ["A"] = "2"
        os.environ["C"] = "2"
"""
    suite = suite_of(tmp_path, {"test_a.py": text})
    found = [(s.name, s.is_restored) for name in ("setUp", "test_a") for s in stores_of(suite, name)]
    assert found == [("A", True), ("B", False), ("A", True), ("C", False)]


def test_a_store_is_noted_where_it_outlives_the_function(tmp_path: Path) -> None:
    body = ["global COUNT", "COUNT = 1", "y = {}", "y['a'] = 1", "CACHE['k'] = 2", "Store.root = 3"]
    body += ["s = Store()", "s.root = 4", "del CACHE['k']", "x.y = 5", "del COUNT"]
    steps = suite_with(tmp_path, "def test_a(x):\n" + "".join(f"    {line}\n" for line in body))
    found = [s for s in steps if isinstance(s, Store)]
    stores = [(s.place.value, s.name, s.owner.home, s.is_delete) for s in found]
    assert stores == [
        ("global", "COUNT", "", False),
        ("item", "k", "tests.test_a.CACHE", False),
        ("attribute", "root", "tests.deeper.Store", False),
        ("item", "k", "tests.test_a.CACHE", True),
        ("attribute", "y", "", False),
        ("global", "COUNT", "", True),
    ]


def test_comparisons_of_an_assert_are_steps(tmp_path: Path) -> None:
    steps = suite_with(tmp_path, "def test_a():\n    assert os.listdir('x') == ['a'] != 3\n")
    checks = [(known(s.left), s.operator, known(s.right)) for s in steps if isinstance(s, Check)]
    assert checks == [
        ("unordered items list [path *]", "Eq", "items list [const a]"),
        ("items list [const a]", "NotEq", "const 3"),
    ]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("import socket\ns = socket.socket()\ns.bind(('', 1))", ["socket.socket", "socket.socket.bind"]),
        ("with open('a') as f:\n    f.write('')", ["open", "open.write"]),
        ("os.environ.update(A='b')", ["os.environ.update"]),
        ("CACHE.update(a=1)", ["dict.update"]),
        ("x.y.z()", ["?.z"]),
        ("logging.getLogger('x').setLevel(1)", ["logging.getLogger", "logging.getLogger.setLevel"]),
        ("(tmp_path / 'a').write_text('')", ["pathlib.Path.write_text"]),
        ("'a'.join([])", ["str.join"]),
        ("Store.make()", ["tests.deeper.Store.make", "tests.deeper.Store", "tests.deeper.Base.__init__"]),
    ],
)
def test_a_call_is_named_by_what_it_calls(body: str, names: list[str], tmp_path: Path) -> None:
    steps = suite_with(tmp_path, "def test_a(x, tmp_path):\n    " + body.replace("\n", "\n    "))
    assert [step.name for step in steps if isinstance(step, Call)] == names


def test_a_unit_that_does_too_much_is_named(tmp_path: Path) -> None:
    body = "def test_a():\n" + "    print(1)\n" * 6000 + "def test_b():\n    print(1)\n"
    suite = suite_of(tmp_path, {"test_a.py": body})
    assert [(p.path, p.line) for p in suite.problems] == [("test_a.py", 1)]
    assert "test_a does more than is followed" in suite.problems[0].fact
    assert len(steps_of(suite, "::test_b")) == 1


def test_deep_nesting_ends_no_audit(tmp_path: Path) -> None:
    deep = "-" * 900 + "x"
    suite = suite_of(tmp_path, {"test_a.py": f"def test_a(x):\n    print({deep})\ndef test_b():\n    print(1)\n"})
    assert len(steps_of(suite, "::test_b")) == 1
