"""Python files, read once: their trees, their lines, what their names mean."""

from __future__ import annotations

import ast
import io
import os
import tokenize
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ci_tools.audit.imports import Import, definitions_of, imports_of
from ci_tools.audit.locate import Locator, files_below
from ci_tools.plan.discover import matches
from ci_tools.plan.pytest_config import PytestConfig

MAX_BYTES = 5_000_000
HOPS = 3  # from a test into a helper, from there into another, and to what that one's constants are

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Module:
    """One file. `path` is relative to rootdir, with `/`; `name` is how others import it, dotted.

    `names` are what its imports bind at module level: {"np": "numpy", "Path": "pathlib.Path"}; `stars` the modules
    that it takes everything from. `definitions` are its functions and classes, by name; of several the last.
    """

    path: str
    name: str
    text: str
    tree: ast.Module
    lines: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    stars: tuple[str, ...] = ()
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    is_test_file: bool = False

    @property
    def is_conftest(self) -> bool:
        return self.path.rpartition("/")[2] == "conftest.py"

    @property
    def package(self) -> str:
        """Return what its relative imports begin at."""
        return self.name if self.path.endswith("__init__.py") else self.name.rpartition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that couldn't be read or followed, in a line of a file (0: in the file as a whole).

    `unit` is the node id of what wasn't followed to its end, "" of a file that wasn't read.
    """

    path: str
    line: int
    fact: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The modules by path, in order of their paths, and what couldn't be read."""

    modules: Mapping[str, Module]
    problems: tuple[Problem, ...] = ()


def read_sources(config: PytestConfig) -> Sources:
    """Read the Python files below the configured paths, the conftests above them, and what these import.

    A file named as a path counts as a test file. Imports are followed within rootdir alone, three files far: no further
    can a rule look. What can't be read is a Problem, never an exception.
    """
    reader = _Reader(config)
    for path in config.paths:
        for file in (path, *_conftests_above(path, config.rootdir)):
            if file.is_file():
                reader.read(str(file), is_test_file=True)
        for name in files_below(str(path), config):
            is_test_file = matches(name, config.python_files) or os.path.basename(name) == "conftest.py"
            reader.read(name, is_test_file=is_test_file)
    for _ in range(HOPS):
        reader.read_imported()
    return Sources(modules=dict(sorted(reader.modules.items())), problems=tuple(reader.problems))


def _conftests_above(path: Path, rootdir: Path) -> Iterator[Path]:
    for directory in path.parents:
        if directory == rootdir or rootdir in directory.parents:
            yield directory / "conftest.py"


class _Reader:
    """Reads each file once."""

    def __init__(self, config: PytestConfig) -> None:
        self.root = str(config.rootdir)
        self.locator = Locator(self.root)
        self.modules: dict[str, Module] = {}
        self.problems: list[Problem] = []
        self.seen: set[str] = set()
        self.imports: list[tuple[Module, Sequence[Import]]] = []

    def read(self, file: str, *, is_test_file: bool = False) -> None:
        path = os.path.relpath(file, self.root).replace(os.sep, "/")
        if path in self.seen or not file.endswith(".py"):
            return
        self.seen.add(path)
        source = _parsed(file)
        if isinstance(source, Problem):
            self.problems.append(Problem(path=path, line=source.line, fact=source.fact))
            return
        text, tree = source
        name = self.locator.name_of(file)
        package = name if path.endswith("__init__.py") else name.rpartition(".")[0]
        imports = imports_of(tree, package)
        module = Module(
            path=path,
            name=name,
            text=text,
            tree=tree,
            lines=tuple(text.split("\n")),
            names={i.name: i.target for i in imports if i.name and i.is_top},
            stars=tuple(i.target for i in imports if not i.name),
            definitions=definitions_of(tree),
            is_test_file=is_test_file,
        )
        self.modules[path] = module
        self.imports.append((module, imports))

    def read_imported(self) -> None:
        """Read what the modules import that were read last."""
        todo, self.imports = self.imports, []
        for module, imports in todo:
            for target in dict.fromkeys(i.target for i in imports):
                for file in self.locator.files_of(target, os.path.dirname(os.path.join(self.root, module.path))):
                    self.read(file)


def _parsed(file: str) -> tuple[str, ast.Module] | Problem:
    try:
        with open(file, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            return _problem(f"larger than {MAX_BYTES // 1_000_000} MB, not read")
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = io.TextIOWrapper(io.BytesIO(data), encoding).read()
        if "\0" in text:
            return _problem("holds a null byte")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in other people's texts
            return text, ast.parse(text)
    except OSError as error:
        return _problem(f"can't be read: {error.strerror}")
    except SyntaxError as error:
        return _problem(f"not Python that this interpreter reads: {error.msg}", error.lineno or 0)
    except (ValueError, LookupError):
        return _problem("not text in its encoding")
    except (RecursionError, MemoryError):
        return _problem("nested too deeply")


def _problem(fact: str, line: int = 0) -> Problem:
    return Problem(path="", line=line, fact=fact)
