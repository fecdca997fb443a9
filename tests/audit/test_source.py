"""Which files are read, and what becomes of those that can't be."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_tools.audit import source
from ci_tools.audit.source import Sources, read_sources
from ci_tools.plan.pytest_config import PytestConfig


def read(root: Path, files: dict[str, str | bytes], *paths: str, **options: object) -> Sources:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_sources(PytestConfig(rootdir=root, paths=tuple(root / p for p in paths or ("",)), **options))  # type: ignore[arg-type]


def test_files_below_the_paths_are_read_and_those_that_they_import(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "conftest.py": "",
        "tests/conftest.py": "import app",
        "tests/unit/test_a.py": "from app.store import save\nimport json, missing\nfrom helper import x",
        "tests/unit/helper.py": "",
        "tests/other/test_b.py": "",
        "src/app/__init__.py": "from .late import y",
        "src/app/store.py": "def f():\n    from app.inner import z",
        "src/app/inner.py": "from app.four import a",
        "src/app/late.py": "",
        "src/app/four.py": "import app.five",
        "src/app/five.py": "import app.six",
        "src/app/six.py": "",
        "src/app/unused.py": "",
        "venv/pyvenv.cfg": "",
        "venv/test_v.py": "",
        ".git/test_g.py": "",
        "build/test_g.py": "",
    }
    sources = read(tmp_path, files, "tests/unit")
    assert list(sources.modules) == [
        "conftest.py",
        "src/app/__init__.py",
        "src/app/four.py",
        "src/app/inner.py",
        "src/app/late.py",
        "src/app/store.py",
        "tests/conftest.py",
        "tests/unit/helper.py",
        "tests/unit/test_a.py",
    ]
    assert [path for path, m in sources.modules.items() if m.is_test_file] == [
        "conftest.py",
        "tests/conftest.py",
        "tests/unit/test_a.py",
    ]
    assert "venv/test_v.py" not in read(tmp_path, {}).modules


def test_a_file_that_is_named_is_a_test_file(tmp_path: Path) -> None:
    assert read(tmp_path, {"checks.py": ""}, "checks.py").modules["checks.py"].is_test_file


def test_imports_are_resolved(tmp_path: Path) -> None:
    text = (
        "import os.path\nimport numpy as np, a.b as c\nfrom pathlib import Path as P\nfrom . import helper\n"
        "from .helper import save\nfrom ..top import x\nfrom json import *\n"
        "if True:\n    import sys\ntry:\n    import tomllib\nexcept ImportError:\n    import tomli as tomllib\n"
    )
    files: dict[str, str | bytes] = {"t/__init__.py": "", "t/u/__init__.py": "", "t/u/test_a.py": text}
    module = read(tmp_path, files).modules["t/u/test_a.py"]
    assert module.name == "t.u.test_a"
    assert module.stars == ("json",)
    assert module.names == {
        "os": "os",
        ".os.path": "os.path",
        "np": "numpy",
        "c": "a.b",
        "P": "pathlib.Path",
        "helper": "t.u.helper",
        "save": "t.u.helper.save",
        "x": "t.top.x",
        "sys": "sys",
        "tomllib": "tomli",
    }


@pytest.mark.parametrize(
    ("data", "line", "fact"),
    [
        (b"def f(:\n", 1, "not Python that this interpreter reads"),
        (
            b"x = 1\ny = 'a\n",
            2,
            "not Python that this interpreter reads",
        ),
        (b"# coding: no-such\n", 0, "not Python that this interpreter reads"),
        (b"x = '\xff'\n", 0, "not Python that this interpreter reads"),
        (b"x = 1\0\n", 0, "holds a null byte"),
        (b"(" * 300 + b")" * 300, 1, "not Python that this interpreter reads"),
        (b"x = " + b"-" * 100_000 + b"1", 0, "nested too deeply"),
    ],
    ids=["syntax", "string", "coding", "bytes", "nul", "parentheses", "depth"],
)
def test_a_file_that_is_no_python_is_named(data: bytes, line: int, fact: str, tmp_path: Path) -> None:
    sources = read(tmp_path, {"test_a.py": data, "test_b.py": "x = 1"})
    (problem,) = sources.problems
    assert (problem.path, problem.line, problem.fact.partition(": ")[0]) == ("test_a.py", line, fact)
    assert list(sources.modules) == ["test_b.py"]


def test_as_many_branches_as_anybody_writes_are_read(tmp_path: Path) -> None:
    branches = "".join(f"    elif x == {number}:\n        import m{number}\n" for number in range(1500))
    text = f"def f(x):\n    if x is None:\n        pass\n{branches}"
    assert read(tmp_path, {"test_a.py": text, "m7.py": "y = 1"}).modules.keys() == {"m7.py", "test_a.py"}


def test_a_file_in_another_encoding_is_read(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "test_a.py": "# coding: latin-1\nx = 'ä'\r\n".encode("latin-1"),
        "test_b.py": "\ufeffx = 'ä\x0c'\n",
    }
    modules = read(tmp_path, files).modules
    assert [modules[name].lines for name in files] == [("# coding: latin-1", "x = 'ä'", ""), ("x = 'ä\x0c'", "")]


def test_large_files_and_links_in_circles_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_BYTES", 1_000_000)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "test_gone.py").symlink_to(tmp_path / "nowhere.py")
    sources = read(tmp_path, {"test_a.py": "#" * 1_000_001, "a/test_b.py": ""})
    assert [(p.path, p.fact) for p in sources.problems] == [("test_a.py", "larger than 1 MB, not read")]
    assert list(sources.modules) == ["a/test_b.py"]
