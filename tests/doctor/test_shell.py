"""Which commands of a script run pytest, and with what."""

from __future__ import annotations

import pytest

from ci_tools.doctor.shell import commands, has, value_of


def runs(script: str) -> list[tuple[int, str, tuple[str, ...]]]:
    return [(command.line, command.runner, command.arguments) for command in commands(script) if command.runner]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("pytest", [(1, "pytest", ())]),
        ("python -m pytest -x", [(1, "pytest", ("-x",))]),
        (".venv/bin/py.test tests", [(1, "pytest", ("tests",))]),
        ("uv run --group dev pytest -q", [(1, "pytest", ("-q",))]),
        ("uv run --with pytest python x.py", []),
        ("poetry run coverage run --branch -m pytest -q", [(1, "pytest", ("-q",))]),
        ("xvfb-run -a pytest", [(1, "pytest", ())]),
        ("timeout 60 sudo -E pytest", []),
        ("A=1 B='2 3' pytest -n4", [(1, "pytest", ("-n4",))]),
        ("if pytest; then echo ok; fi", [(1, "pytest", ())]),
        ("cd tests && pytest -k 'a or b' # nightly", [(1, "pytest", ("-k", "a or b"))]),
        ("set -e\npytest \\\n  -x \\\n  tests | tee log", [(2, "pytest", ("-x", "tests"))]),
        ('sh -c "pip install x && pytest -q"', [(1, "pytest", ("-q",))]),
        ('docker run i sh -c "\n  pytest -q\n"', [(2, "pytest", ("-q",))]),
        ("tox -e py -- -x", [(1, "tox", ("-x",))]),
        ("tox -e pytest", [(1, "tox", ())]),
        ("TOXENV=py tox", [(1, "tox", ())]),
        ("nox -s tests", [(1, "nox", ())]),
        ("pytest --group ${{ matrix.group || 1 }} -q", [(1, "pytest", ("--group", "${{matrix.group~~1}}", "-q"))]),
        ("pip install pytest tox", []),
        ("python -m pip install -U pytest", []),
        ("uv pip install --group test pytest", []),
        ("echo pytest is fun", []),
        ("which pytest", []),
        ("command -v pytest", []),
        ("make test", []),
        ("ruff check src/pytest/ --cache=pytest", []),
        ("python -c 'import pytest, sys'", []),
        ("pytest -m 'not pytest'", [(1, "pytest", ("-m", "not pytest"))]),
        ("cat > x <<EOF\nhello 'world\nEOF\npytest", [(4, "pytest", ())]),
        ("", []),
    ],
)
def test_a_script(script: str, found: list[tuple[int, str, tuple[str, ...]]]) -> None:
    assert runs(script) == found


def test_a_command_is_in_the_directory_of_the_cd_before_it() -> None:
    assert [command.directory for command in commands("pytest\ncd backend\npytest")] == ["", "backend", "backend"]


def test_the_last_value_of_an_option_counts() -> None:
    words = ("-n", "2", "--group=1", "-nauto", "--group", "3", "--no-header")
    assert (value_of(words, "-n"), value_of(words, "--group"), value_of(words, "--splits")) == ("auto", "3", None)
    assert has(words, "--group") and not has(words, "--gro")
