"""What is replaced while a test runs: `mock.patch` and its like, `monkeypatch.setattr`, pyfakefs."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ci_tools.audit.flow.state import Patch
from ci_tools.audit.project import Project
from ci_tools.audit.source import Module
from ci_tools.audit.steps import Kind, Value

FAKE_FILES = tuple(
    Patch(name=name) for name in ("open", "os", "io", "pathlib", "shutil", "tempfile", "glob", "codecs", "json.dump")
)


def patches_of(
    name: str, args: Sequence[Value], keywords: Mapping[str, Value], project: Project, near: Module
) -> Iterator[Patch]:
    """Iterate over what a call replaces: `patch("a.b")`, `patch.object(a, "b")`, `monkeypatch.setattr(a, "b", …)`."""
    if not args or not ("atch" in name or "mock" in name):
        return
    by = keywords.get("new", keywords.get("value"))
    if name.endswith((".mock.patch", "mock.patch", "MockerFixture.patch")) or _is_setattr(name, args, 2):
        if isinstance(args[0].data, str):
            yield replace(_canonical(args[0].data, project, near), value=args[1] if len(args) > 1 else by)
    elif name.endswith(".patch.object") or _is_setattr(name, args, 3):
        owner = args[0].home or (args[0].data if args[0].kind is Kind.OUTSIDE else "")
        if owner and len(args) > 1 and isinstance(args[1].data, str):
            patch = _canonical(f"{owner}.{args[1].data}", project, near)
            yield replace(patch, value=args[2] if len(args) > 2 else by)


def _is_setattr(name: str, args: Sequence[Value], n_args: int) -> bool:
    if name != "pytest.MonkeyPatch.setattr":
        return False
    return isinstance(args[0].data, str) and args[0].kind is Kind.CONST if n_args == 2 else len(args) > 1


def _canonical(dotted: str, project: Project, near: Module) -> Patch:
    """Return the patch of a name, by what it stands for in the project's module that it is patched in."""
    found = project.find(dotted, near)
    if found is None:
        return Patch(name=dotted.removeprefix("builtins."))
    module, rest = found
    if not rest:
        return Patch(name=module.name)
    if rest[0] in module.names:
        return Patch(name=".".join([module.names[rest[0]], *rest[1:]]), module=module.path)
    is_builtin = len(rest) == 1 and hasattr(builtins, rest[0])
    return Patch(name=rest[0], module=module.path) if is_builtin else Patch(name=".".join([module.name, *rest]))


def is_patched(name: str, patches: Sequence[Patch], path: str) -> bool:
    """Return whether a name is replaced, in the file that calls it."""
    for patch in patches:
        if patch.module and patch.module != path:
            continue
        if name == patch.name or name.startswith(f"{patch.name}.") or patch.name.endswith(f".{name}"):
            return True
    return False


def replaced(name: str, patches: Sequence[Patch]) -> Value | None:
    """Return what a name was replaced by last, None if by nothing that is known."""
    return next((patch.value for patch in reversed(patches) if patch.name == name), None)


def decorated(node: ast.AST) -> Iterator[ast.Call]:
    """Iterate over the decorators of a test that patch something, outermost first."""
    for decorator in getattr(node, "decorator_list", []):
        if isinstance(decorator, ast.Call) and "patch" in ast.unparse(decorator.func):
            yield decorator


def n_mocks(node: ast.AST) -> int:
    """Return how many parameters of a test are mocks that its decorators pass in."""
    return sum(1 for call in decorated(node) if _passes_mock(call))


def _passes_mock(call: ast.Call) -> bool:
    function = ast.unparse(call.func)
    if any(keyword.arg == "new" for keyword in call.keywords) or function.endswith((".dict", ".multiple")):
        return False
    return len(call.args) <= (2 if function.endswith("object") else 1)
