"""The parts of isolation by themselves: variables, attributes, and who has undone them."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from enum import Enum
from pathlib import Path, PurePosixPath
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import pytest

from ci_tools.model.errors import UsageError
from ci_tools.model.project import Keep
from ci_tools.plugin.isolation.attributes import Attributes, converted
from ci_tools.plugin.isolation.directories import make_directories, should_keep
from ci_tools.plugin.isolation.environment import Environment, Values
from ci_tools.plugin.isolation.lost import line_that_sets, lines_that_set
from ci_tools.plugin.run import Run


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A host's directory, an import path and modules that are gone afterwards."""
    monkeypatch.setenv("CI_TOOLS_HOST_DIR", str(tmp_path / "host"))
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield
    for name in sys.modules.keys() - before:
        del sys.modules[name]


def attributes(*cached: str, **settings: str) -> Attributes:
    """Attributes of module `app`, each to be set to a text."""
    return Attributes(
        {f"app:{name.replace('__', '.')}": text for name, text in settings.items()}, cached, lambda _, w, __: w
    )


def imported(tmp_path: Path, source: str) -> Any:
    (tmp_path / "app.py").write_text(dedent(source))
    importlib.invalidate_caches()
    return importlib.import_module("app")


def test_variables_are_put_back_unless_somebody_else_has_set_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLD", "before")
    monkeypatch.setenv("THEIRS", "before")
    monkeypatch.delenv("NEW", raising=False)
    tempdir, environment = tempfile.gettempdir(), Environment()
    environment.set({"OLD": "ours", "NEW": "ours", "THEIRS": "ours", "TMPDIR": str(Path.cwd())})
    os.environ["THEIRS"] = "theirs"
    assert [environment.is_lost(name) for name in ("OLD", "THEIRS", "OTHER")] == [False, True, False]
    assert tempfile.gettempdir() == str(Path.cwd())
    environment.restore()
    environment.restore()
    assert (os.environ["OLD"], os.environ.get("NEW"), os.environ["THEIRS"]) == ("before", None, "theirs")
    assert tempfile.gettempdir() == tempdir


def test_an_attribute_is_changed_before_anybody_else_sees_the_module(tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text("from app import settings\nbound = settings.place\n")
    ours = attributes(settings__place="/ours", settings__inner__size="7")
    ours.start()
    app = imported(
        tmp_path,
        """
        import pathlib, types
        settings = types.SimpleNamespace(place=pathlib.Path("shared"), inner=types.SimpleNamespace(size=1))
        """,
    )
    assert (importlib.import_module("user").bound, app.settings.inner.size) == (Path("/ours"), 7)
    assert app.__loader__ is app.__spec__.loader and app.__loader__.get_source("app")
    assert (ours.problems, ours.missing(), ours.lost()) == ([], [], [])
    app.settings.inner.size = 8
    assert ours.lost() == ["app:settings.inner.size"]
    ours.restore()
    assert (app.settings.place, app.settings.inner.size) == (Path("shared"), 8)
    assert not [finder for finder in sys.meta_path if type(finder).__module__.startswith("ci_tools")]


def test_a_module_that_is_imported_already_is_changed_at_once_and_its_caches_are_emptied(tmp_path: Path) -> None:
    app = imported(
        tmp_path,
        """
        import functools, os, types
        settings = types.SimpleNamespace(name="shared")
        @functools.lru_cache
        def where(): return os.environ.get("WHERE")
        before = where()
        """,
    )
    ours = attributes("app:where", settings__name="ours")
    os.environ["WHERE"] = "ours"
    try:
        ours.start()
        assert (app.settings.name, app.where()) == ("ours", "ours")
    finally:
        del os.environ["WHERE"]
    ours.restore()
    assert (app.settings.name, app.where()) == ("shared", None)


def test_a_module_that_is_executed_again_is_changed_again(tmp_path: Path) -> None:
    ours = attributes(settings__name="ours")
    ours.start()
    with pytest.raises(RuntimeError):
        imported(tmp_path, "raise RuntimeError")
    app = imported(tmp_path, "import types  # another length\nsettings = types.SimpleNamespace(name='shared')")
    assert app.settings.name == "ours"
    app.settings.name = "theirs"
    assert importlib.reload(app).settings.name == "ours"
    ours.restore()


def test_who_only_looks_for_a_module_can_have_its_source(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x = 1")
    ours = attributes(settings__name="ours")
    ours.start()
    spec = importlib.util.find_spec("app")
    ours.restore()
    assert spec is not None and spec.loader.get_source("app") == "x = 1"  # type: ignore[union-attr]


def test_a_module_that_nobody_imports_is_no_problem_if_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("raise RuntimeError")
    ours = Attributes({"app:a.b": "x", "nowhere.app:a.b": "x"}, ("nowhere:get",), lambda _, w, __: w)
    ours.start()
    assert [problem.fact for problem in ours.missing()] == [
        "nowhere.app:a.b: there is no such module",
        "nowhere:get: there is no such module",
    ]
    ours.restore()


FROZEN = """
    import dataclasses, functools
    @dataclasses.dataclass(frozen=True)
    class Frozen: name: str = "shared"
    class Checked:
        def __setattr__(self, name, value): raise ValueError(f"1 validation error\\n  {name}: not below /data")
    class Deaf:
        name = property(lambda self: "shared", lambda self, value: None)
    class Lazy:
        def __getattr__(self, name): raise RuntimeError("not configured")
    class Settings: names = ["a"]
    frozen, checked, deaf, lazy, settings = Frozen(), Checked(), Deaf(), Lazy(), Settings()
    Checked.name = "shared"
    def uncached(): pass
    """


@pytest.mark.parametrize(
    ("entry", "fact"),
    [
        ("frozen__name", "app:frozen.name can't be set to 'x': FrozenInstanceError: cannot assign to field 'name'"),
        ("checked__name", "app:checked.name can't be set to 'x': ValueError: 1 validation error name: not below /data"),
        ("deaf__name", "app:deaf.name stays 'shared' when it is set to 'x'"),
        ("lazy__name", "app:lazy.name can't be read when its module is imported: not configured"),
        ("settings__nams", "app:settings.nams: there is no nams"),
        (
            "settings__names",
            "app:settings.names is a list, and only texts, paths, whole numbers and flags can be set",
        ),
    ],
)
def test_what_can_not_be_set_says_why_and_the_import_goes_on(tmp_path: Path, entry: str, fact: str) -> None:
    ours = attributes("app:uncached", **{entry: "x"})
    ours.start()
    imported(tmp_path, FROZEN)
    assert [problem.fact for problem in ours.problems] == [fact, "app:uncached has no cache_clear"]
    ours.restore()


def test_a_pydantic_model_that_is_frozen_says_so(tmp_path: Path) -> None:
    pydantic = pytest.importorskip("pydantic")
    assert pydantic
    ours = attributes(frozen__name="x", checked__size="x", open__name="x")
    ours.start()
    app = imported(
        tmp_path,
        """
        import pydantic
        class Frozen(pydantic.BaseModel, frozen=True): name: str = "shared"
        class Checked(pydantic.BaseModel, validate_assignment=True): size: str = pydantic.Field("a", pattern="a")
        class Open(pydantic.BaseModel): name: str = "shared"
        frozen, checked, open = Frozen(), Checked(), Open()
        """,
    )
    said = [problem.fact.partition(" For further")[0] for problem in ours.problems]
    assert app.open.name == "x"
    assert len(said) == 2 and "Instance is frozen" in said[0] and "String should match pattern 'a'" in said[1]
    ours.restore()


class Level(int, Enum):
    LOW = 1


@pytest.mark.parametrize(
    ("text", "present", "value"),
    [
        ("/x", Path("/y"), Path("/x")),
        ("/x", PurePosixPath("/y"), PurePosixPath("/x")),
        ("7", 1, 7),
        ("true", False, True),
        ("0", True, False),
        ("x", "y", "x"),
        ("x", None, "x"),
    ],
)
def test_a_value_takes_the_type_of_what_is_there(text: str, present: object, value: object) -> None:
    found = converted("app:a.b", text, present)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "present", "fact"),
    [
        ("seven", 1, "app:a.b is a number, and 'seven' is none"),
        ("7", True, "app:a.b is True, and '7' is neither true nor false"),
        ("7", Level.LOW, "app:a.b is a number, and '7' is none"),
        ("7", 1.5, "app:a.b is a float, and only texts, paths, whole numbers and flags can be set"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(text: str, present: object, fact: str) -> None:
    with pytest.raises(UsageError) as raised:
        converted("app:a.b", text, present)
    assert raised.value.fact == fact


@pytest.mark.parametrize(
    "line",
    [
        "os.environ['NAME'] = 'x'",
        "del os.environ['NAME']",
        "os.environ.update(NAME='x')",
        "os.environ.update({'NAME': 'x'})",
        "os.environ.setdefault('NAME', 'x')",
        "monkeypatch.setenv('NAME', 'x')",
        "os.putenv('NAME', 'x')",
        "settings.NAME = 'x'",
        "monkeypatch.setattr(settings, 'NAME', 'x')",
    ],
)
def test_the_line_that_sets_a_name_is_found(line: str) -> None:
    reads = "os.environ['NAME']\nos.environ.get('NAME')\nsettings.NAME\nNAME = 'NAME'\n"
    assert list(lines_that_set("NAME", f"{reads}{line}\n")) == [5]


def test_a_conftest_is_named_before_other_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.py", "tests/conftest.py", "broken.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\nos.environ['NAME'] = 1" if "broken" not in name else "NAME = (")
        monkeypatch.setitem(sys.modules, f"test_lost_{name}", SimpleNamespace(__file__=str(path)))  # type: ignore[arg-type]
    assert line_that_sets("NAME", tmp_path) == "tests/conftest.py:2"
    assert line_that_sets("OTHER", tmp_path) == ""


@pytest.mark.parametrize(
    ("keep", "kept"),
    [(Keep.NEVER, [False, False]), (Keep.FAILED, [False, True]), (Keep.ALWAYS, [True, True])],
)
def test_a_runs_directory_is_kept_as_it_ends(keep: Keep, kept: list[bool]) -> None:
    assert [should_keep(keep, exitstatus) for exitstatus in (0, 1)] == kept


def test_a_socket_in_a_workers_directory_has_a_name_that_is_short_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI_TOOLS_HOST_DIR")
    run = Run(id="1a2b3c4d", worker="gw127")
    assert len(f"{run.worker_root}/cache/0123456789012345678901234567890123456789.sock") < 104


def test_home_is_left_alone_unless_it_is_asked_for() -> None:
    run = Run(id="1a2b3c4d", worker="gw0")
    assert "HOME" not in make_directories(run, home=False)
    variables = make_directories(run, home=True)
    run.end()
    assert variables["HOME"] == f"{run.worker_root}/home"
    assert sorted(path.name for path in run.worker_root.iterdir()) == [
        "cache",
        "config",
        "data",
        "home",
        "state",
        "tmp",
    ]


def test_two_variables_that_lead_to_one_database_still_do(tmp_path: Path) -> None:
    present = {"A": "redis://127.0.0.1:1/5", "B": "redis://127.0.0.1:1/5", "C": "redis://127.0.0.1:1/1", "D": None}
    values = Values(Run(id="1a2b3c4d", worker="gw0"), tmp_path, present)
    ours = [values.of(name, "db-url", present[name]) for name in "ABC"]
    values.leases.close()
    assert ours == [f"redis://127.0.0.1:1/{index}" for index in (2, 2, 3)]  # 0, 1 and 5 are not for tests


def test_ports_are_leased_until_the_worker_ends(tmp_path: Path) -> None:
    values = Values(Run(id="1a2b3c4d", worker="gw0"), tmp_path, {})
    ports = {values.of(name, "port", None) for name in "ABC"}
    values.leases.close()
    assert len(ports) == 3 and all(1024 < int(port) < 65536 for port in ports)
