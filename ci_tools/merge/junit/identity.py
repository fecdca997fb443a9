"""Which test a JUnit case is: pytest writes a node id with its path's `/` and the classes' `::` as dots.

The split is lost, and is found again on the checkout's list of files. Of two that fit none is taken.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from ci_tools.formats.junit_xml import legal
from ci_tools.model.nodeid import file_of

MAX_PARTS = 50  # of a class name; what has more is no path
_TEST_FILE = re.compile(r"(?:.*/)?(?:test_[^/]*|[^/]*_test)\.py", re.DOTALL)  # pytest's own python_files


class NodeIds:
    """Node ids of cases. `files` are paths of the checkout, relative to pytest's rootdir; `known` are node ids.

    `prefixes` are what the node ids of a class name begin with, as far as they were asked for, ""
    where that isn't certain; the name follows. `unresolved` collects the class names that fit no
    file, or several: their tests are named `classname::name`.
    """

    def __init__(self, files: Iterable[str] = (), known: Iterable[str] = ()) -> None:
        self.unresolved: set[str] = set()
        self._known = tuple(nodeid for nodeid in known if _has_path(nodeid))
        self._files = frozenset(files).union(map(file_of, self._known))
        self._dotted: dict[str, list[str]] = {}
        for file in sorted(self._files):
            self._dotted.setdefault(dotted(file), []).append(file)
        self._last_parts = {name.rpartition(".")[2] for name in self._dotted}
        self.prefixes: dict[str, str] = {}
        self._prefixes_beside: dict[tuple[str, str], str] = {}

    def of(self, classname: str, name: str, file: str = "") -> str:
        """Return the case's node id; `file` is the attribute of xunit1, "" when there is none."""
        if file and name == file and file.endswith(".py"):
            return file  # our own junit.xml names a whole file so
        prefix = self._beside(classname, file) if file else self._alone(classname)
        if prefix and name:
            return prefix + name
        return prefix.removesuffix("::") or self._addressed(classname, name)

    def _alone(self, classname: str) -> str:
        if classname not in self.prefixes:
            self.prefixes[classname] = self._by_classname(classname)
        return self.prefixes[classname]

    def _beside(self, classname: str, file: str) -> str:
        key = (classname, file)
        if key not in self._prefixes_beside:
            self._prefixes_beside[key] = self._by_file(classname, file)
        return self._prefixes_beside[key]

    def file_named(self, module: str) -> str:
        """Return the file of a collection error, which pytest names `tests.test_a`; unresolved, the name itself."""
        found = self._dotted.get(module, ())
        if len(found) == 1:
            return found[0]
        self.unresolved.add(module)
        return module

    def _addressed(self, classname: str, name: str) -> str:
        """Return the one known test that pytest writes so, else what the case says itself."""
        nodeid = self._addresses.get((classname, name))
        if nodeid:
            return nodeid
        self.unresolved.add(classname)
        return f"{classname}::{name}" if classname and name else classname or name

    @cached_property
    def _addresses(self) -> dict[tuple[str, str], str]:
        """The known tests by what pytest writes of them; "" where two are written alike."""
        found: dict[tuple[str, str], str] = {}
        for nodeid in self._known:
            key = address(nodeid)
            found[key] = "" if found.get(key, nodeid) != nodeid else nodeid
        return found

    def _by_classname(self, classname: str) -> str:
        """Return what the node ids of this class begin with, up to the last `::`; "" when that isn't certain."""
        if classname in self._files:  # as vitest and bats have it
            return f"{classname}::"
        parts = classname.split(".", MAX_PARTS)
        ends = [end for end, part in enumerate(parts, 1) if part in self._last_parts]
        found = set(self._fitting(parts, 0, ends))
        for start in range(1, 0 if found or not ends else ends[-1]):  # behind a --junit-prefix
            found |= {prefix for prefix in self._fitting(parts, start, ends) if _TEST_FILE.fullmatch(file_of(prefix))}
        return found.pop() if len(found) == 1 else ""

    def _fitting(self, parts: list[str], start: int, ends: list[int]) -> Iterator[str]:
        for end in (end for end in ends if end > start):
            for file in self._dotted.get(".".join(parts[start:end]), ()):
                if not file.endswith(".py") or all(map(str.isidentifier, parts[end:])):
                    yield _prefix(file, parts[end:])

    def _by_file(self, classname: str, file: str) -> str:
        """Return the same where the case names a file: the one that its function is written in.

        An inherited test is written elsewhere than it runs, so the class name must agree.
        """
        path = self._relative(file)
        if not path:
            return self._by_classname(classname)
        _, found, classes = f".{classname}.".rpartition(f".{dotted(path)}.")
        if found:
            return _prefix(path, classes.rstrip(".").split(".") if classes else [])
        return self._by_classname(classname) or _within(classname, path)

    def _relative(self, file: str) -> str:
        """Return the path within the checkout, "" when it isn't there or isn't certain."""
        path = posixpath.normpath(file if "/" in file else file.replace("\\", "/"))
        if not posixpath.isabs(path) and not re.match(r"\.\.(?:/|$)|[A-Za-z]:", path):
            return path
        parts = path.split("/")[-MAX_PARTS:]
        ends = {"/".join(parts[start:]) for start in range(1, len(parts))} & self._files
        return ends.pop() if len(ends) == 1 else ""


def _has_path(nodeid: str) -> bool:
    """Whether a recorded test names its file: one that was recorded unresolved would stay so for ever."""
    file = file_of(nodeid)
    return "/" in file or file.endswith(".py")


def dotted(file: str) -> str:
    """Return a path as pytest writes it in class names; other suffixes than `.py` stay."""
    return file.removesuffix(".py").replace("/", ".")


def address(nodeid: str) -> tuple[str, str]:
    """Return class name and name of a node id, as pytest writes them."""
    file, _, rest = nodeid.partition("::")
    scope, bracket, parameters = rest.partition("[")
    classes, _, name = scope.rpartition("::")
    classname = ".".join([dotted(file), *(classes.split("::") if classes else [])])
    return legal(classname), legal(name + bracket + parameters)


def _prefix(file: str, classes: list[str]) -> str:
    return "::".join([file, *classes, ""])


def _within(classname: str, path: str) -> str:
    """Return the prefix of a class name that isn't pytest's: it holds no path, or just its end."""
    parts, classes = dotted(path).split("."), classname.split(".", MAX_PARTS)
    for start in range(1, len(parts)):
        end = len(parts) - start
        if classes[:end] == parts[start:]:
            return _prefix(path, classes[end:])
    if "." not in classname or not path.endswith(".py"):
        return _prefix(path, [classname] if classname else [])
    return ""
