"""A file of lines that several processes append to."""

from __future__ import annotations

from pathlib import Path

from .children import said_by, said_by_all

IMPORT = "from ci_tools.store.lines import Lines\nlines = Lines(path)\n"


def test_the_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    program = IMPORT + "say('ready'); wait()\nfor n in range(200): lines.write(f'{os.getpid()} {n} ' + 'x' * 5_000)"
    said_by_all(3, program, path)
    lines = path.read_text().splitlines()
    assert len(lines) == 600
    assert {len(line.split()[2]) for line in lines} == {5_000}


def test_a_line_that_had_no_space_does_not_take_the_next_one_with_it(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    program = """
import resource
lines.write("one")
resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
lines.write("two " * 10)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
lines.write("three")
lines.write("four")
say(lines.problem)
"""
    assert said_by(IMPORT + program, path) == "lines can't be written: File too large"
    assert path.read_text() == "one\ntwo tw\nthree\nfour\n"
