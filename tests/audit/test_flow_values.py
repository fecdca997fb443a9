"""What the flow knows of a value when it reaches `sink(value)`."""

from __future__ import annotations

from pathlib import Path

import pytest
from audit.suites import sinks_of, suite_of

HEAD = """\
import glob, os, os.path, random, shutil, tempfile, uuid
import os.path as p
from os import environ
from pathlib import Path
from uuid import uuid4 as new_id
from elsewhere import sink

OUT = "out"
HERE = Path(__file__).parent
PORTS = {"web": 8000, "db": 5432}


"""

# A body of a test, and what is known of what reaches its sink.
BODIES = {
    "sink('out/a.txt')": "const out/a.txt",
    "sink(Path('out'))": "path out",
    "sink(Path('out') / 'a' / 'b.txt')": "path out/a/b.txt",
    "sink(Path('out', 'a'))": "path out/a",
    "sink(Path(OUT) / 'a.txt')": "path out/a.txt",
    "sink(OUT + '/a.txt')": "const out/a.txt",
    "sink(f'{OUT}/a.txt')": "const out/a.txt",
    "sink(f'{OUT}/{who}.txt')": "path out/….txt",
    "sink('%s/%d.txt' % (OUT, 3))": "const out/3.txt",
    "sink('{}/a.txt'.format(OUT))": "const out/a.txt",
    "sink('/'.join([OUT, 'a']))": "const out/a",
    "sink(os.path.join('out', who, 'a'))": "path out/…/a",
    "sink(p.join('out', '/tmp/a'))": "path /tmp/a",
    "sink(who + '/a')": "unknown",
    "sink(os.path.join(who, 'a'))": "unknown",
    "sink(str(Path('out').resolve()))": "path out",
    "sink(Path('out/a.txt').parent)": "path out",
    "sink(os.path.dirname('out/a.txt'))": "path out",
    "sink(Path('out/a.txt').with_name('b.txt'))": "path out/b.txt",
    "sink(Path('out').joinpath('a', 'b'))": "path out/a/b",
    "sink(HERE / 'data')": "path <rootdir>/data",
    "sink(Path(__file__).parents[0])": "path <rootdir>",
    "sink(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'x'))": "path <rootdir>/x",
    "sink(Path.home() / '.cache')": "path ~/.cache",
    "sink(tempfile.gettempdir() + '/a')": "path /tmp/a",
    "sink(os.path.join(tempfile.gettempdir(), 'a'))": "path /tmp/a",
    "sink(tmp_path)": "private tmp_path",
    "sink(tmp_path / 'a')": "private tmp_path",
    "sink(str(tmp_path))": "private tmp_path",
    "sink(f'sqlite:///{tmp_path}/db')": "private tmp_path",
    "sink(os.path.join(tmp_path, 'a'))": "private tmp_path",
    "sink((tmp_path / 'a').with_suffix('.txt').parent)": "private tmp_path",
    "sink(tempfile.mkdtemp())": "private tempfile.mkdtemp",
    "sink(tempfile.mkstemp()[1])": "private tempfile.mkstemp",
    "with tempfile.TemporaryDirectory() as d:\n    sink(d)": "private tempfile.TemporaryDirectory",
    "with tempfile.NamedTemporaryFile() as f:\n    sink(f.name)": "private tempfile.NamedTemporaryFile",
    "for x in tmp_path.iterdir():\n    sink(x)": "private tmp_path",
    "for x in Path('out').glob('*'):\n    sink(x)": "path out/*",
    "for x in glob.glob('out/s-*.json'):\n    sink(x)": "path out/s-*",
    "for x in os.listdir('out'):\n    sink(os.path.join('out', x))": "path out/*",
    "for d, _, names in os.walk('out'):\n    for n in names:\n        sink(os.path.join(d, n))": "path out/*/*",
    "sink(sorted(Path('out').iterdir()))": "items list [path out/*]",
    "sink(os.listdir('out'))": "unordered items list [path *]",
    "sink([x for x in {1, 2}])": "unordered items list [unknown]",
    "sink(list({'a'}))": "unordered items list [const a]",
    "sink(sorted({'a'}))": "items set [const a]",
    "sink(f'/tmp/{uuid.uuid4()}')": "unique path /tmp/…",
    "sink('/tmp/' + new_id().hex)": "unique path /tmp/…",
    "sink(os.path.join('/tmp', str(os.getpid())))": "unique path /tmp/…",
    "sink(f'app-{random.randint(1, 9)}')": "unique path app-…",
    "sink('db_' + os.environ['PYTEST_XDIST_WORKER'])": "unique path db_…",
    "sink('db_' + environ.get('PYTEST_XDIST_WORKER', 'gw0'))": "unique path db_…",
    "sink(os.environ.get('DATABASE_URL', 'sqlite:///x.db'))": "const sqlite:///x.db",
    "sink(os.environ['DATABASE_URL'])": "unknown",
    "sink(PORTS['web'])": "const 8000",
    "sink(PORTS['web'] + 1)": "const 8001",
    "sink((1, 8080)[-1])": "const 8080",
    "a, b = 'x', 'y'\nsink(b)": "const y",
    "a = b = 'x'\nsink(b)": "const x",
    "x = 'a'\nx += 'b'\nsink(x)": "const ab",
    "x = None\nif who:\n    x = 'a'\nsink(x)": "const a",
    "if who:\n    x = 'a'\nelse:\n    x = 'b'\nsink(x)": "unknown",
    "x = 'a'\nif who:\n    x = 'b'\n    return\nsink(x)": "const a",
    "x = 'a'\nif who:\n    x = 'b'\nelse:\n    return\nsink(x)": "const b",
    "x = 'a'\ntry:\n    x = 'b'\nexcept OSError:\n    raise\nsink(x)": "const b",
    "try:\n    who()\nexcept OSError as e:\n    sink(e)": "unknown",
    "x = None or tmp_path\nsink(x)": "private tmp_path",
    "x = 'a' if who else 'a'\nsink(x)": "const a",
    "while (x := 'a'):\n    sink(x)": "const a",
    "sink([n for n in ('a', 'b')])": "items list [unknown]",
    "def inner(x='d'):\n    return x\nsink(inner())": "const d",
    "def inner():\n    return tmp_path\nsink(inner())": "private tmp_path",
    "sink((lambda x: x)('a'))": "const a",
    "import os as o\nsink(o.path.join('a', 'b'))": "path a/b",
    "global OUT\nsink(OUT)": "const out",
    "async def inner():\n    return 'a'\nsink(await inner())": "const a",
    "match who:\n    case 1:\n        sink('a')": "const a",
    "sink(nobody_knows)": "unknown",
}


@pytest.fixture(scope="module")
def sinks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """All bodies in one suite, each a test of its own."""
    tests = [
        f"async def test_{number}(tmp_path, who):\n    " + body.replace("\n", "\n    ")
        for number, body in enumerate(BODIES)
    ]
    root = tmp_path_factory.mktemp("suite")
    suite = suite_of(root, {"test_all.py": HEAD + "\n\n".join(tests)})
    assert suite.problems == ()
    return {body: sinks_of(suite, f"::test_{number}") for number, body in enumerate(BODIES)}


@pytest.mark.parametrize("body", BODIES)
def test_what_is_known_of_a_value(body: str, sinks: dict[str, list[str]]) -> None:
    assert sinks[body] == [BODIES[body]]


def test_values_do_not_grow_without_bound(tmp_path: Path) -> None:
    body = "".join(f"    x = x + x + '{n}'\n" for n in range(200))
    suite = suite_of(
        tmp_path, {"test_a.py": f"from elsewhere import sink\ndef test_a():\n    x = 'a'\n{body}    sink(x)\n"}
    )
    (value,) = sinks_of(suite, "::test_a")
    assert len(value) < 2000
