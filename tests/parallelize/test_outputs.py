"""One page, four ways to show it: the same facts, and nothing of a test's own text that does anything."""

from __future__ import annotations

import json
import re

from parallelize.arms import run

from ci_tools.cli.bisect import configure
from ci_tools.parallelize.as_json import as_json
from ci_tools.parallelize.compare import Kind
from ci_tools.parallelize.gates import Limits
from ci_tools.parallelize.go import Page, page_of
from ci_tools.parallelize.html import as_html
from ci_tools.parallelize.markdown import MAX_BYTES, as_markdown
from ci_tools.parallelize.text import as_text
from ci_tools.parallelize.words import TITLES, next_step

HOSTILE = "t/a.py::test[<script>alert(1)</script>`|\x1b[31m\n::error::x]"
MESSAGE = "<img src=x onerror=alert(1)> | @everyone\nsecond line"


def page(*, n_tests: int = 1, min_ready: float | None = None) -> Page:
    names = {f"t/b.py::test_{i}": "p" for i in range(n_tests)}
    serial = run({HOSTILE: "p", "t/a.py::test_skip": "p", **names})
    parallel = run({HOSTILE: "F", "t/a.py::test_skip": "s", **dict.fromkeys(names, "F")}, message=MESSAGE, text=MESSAGE)
    rest = {"t/a.py::test_skip": "s", **dict.fromkeys(names, "F")}
    stalled = run({HOSTILE: "-", **rest}, problem=f"killed: stalled for 60.0 s: not reported: {HOSTILE!r}")
    return page_of(
        [serial, serial],
        [parallel, stalled],
        command=("python", "-m", "pytest", "-k", "not x"),
        out="out dir",
        cpus=(4, "CPU affinity"),
        limits=Limits(min_ready=min_ready),
        marks={"<b>slow": [HOSTILE]},
    )


def test_the_text_in_whole() -> None:
    text = as_text(page(min_ready=50)).replace(", 0 of 2 serial runs (at most 77.6 %)", ", NEVER SERIALLY")
    assert text.replace(r"t/a.py::test[<script>alert(1)</script>`|\x1b[31m\n::error::x]", "HOSTILE") == EXPECTED


EXPECTED = r"""no-go: 4 of 6 gates failed
  2 serial runs and 2 in parallel of 3 tests: python -m pytest -k 'not x'
  in parallel: 0 workers, --dist loadfile, on 4 CPUs (CPU affinity)
  wall: 1.0 s serially, 1.0 s in parallel: 1.00× (1.00× to 1.00×)
  no test runs for 1.0 s and 1.0 s of these: starting, collecting, ending
  the longest file takes 0.0 s in parallel: t/b.py
  the longest test takes 0.0 s in parallel: t/b.py::test_0
  1 parallel run can't show more: what is in none of them may be in up to 95.0 % of all; `ci-tools stability` makes many

GATES
  speed-up                                     1.00× (1.00× to 1.00×)  at least 1.00×   ok
  tests that fail in parallel only                                  1  at most 0        FAILED
  tests lost or not collected in parallel                           1  at most 0        FAILED
  tests skipped in parallel only                                    1  at most 0        FAILED
  stuck tests and unfinished runs in parallel                       1  at most 0        FAILED
  tests ready by the static audit                        not measured  at least 50.0 %  ?

LOST: a run had them, and no result of them (1)
  HOSTILE: without a result in 1 of 2 parallel runs (50.0 %, 95 % interval 1.3 to 98.7 %), NEVER SERIALLY
      <img src=x onerror=alert(1)> | @everyone

PARALLEL-ONLY: fail in parallel runs, in no serial one (1)
  t/b.py::test_0: fails in 2 of 2 parallel runs (100 %, 95 % interval 15.8 to 100 %), NEVER SERIALLY
      <img src=x onerror=alert(1)> | @everyone
      ci-tools bisect t/b.py::test_0 --from 'out dir' -- python -m pytest -k 'not x'

SKIPPED DIFFERENTLY: in every run of one arm, in none of the other (1)
  t/a.py::test_skip: skipped in 2 of 2 parallel runs (100 %, 95 % interval 15.8 to 100 %), NEVER SERIALLY

DID NOT END (1)
  killed: stalled for 60.0 s: not reported: 'HOSTILE' (parallel run 2; 1 test without a result)
      no result: HOSTILE

BY DIRECTORY
         tests  serial  parallel     in tests
  t          3   0.0 s     0.0 s  –         –
  (all)      3   0.0 s     0.0 s  –         –

BY MARK
           tests  serial  parallel     in tests
  <b>slow      1   0.0 s     0.0 s  –         –
"""


def test_nothing_of_a_test_does_anything_in_html() -> None:
    text = as_html(page())
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text and "&lt;b&gt;slow" in text and "&lt;img" in text
    assert not re.search("<script|<img|<b>|\x1b|https?:", text)
    assert "default-src 'none'; style-src 'sha256-" in text


def test_nothing_of_a_test_does_anything_in_markdown() -> None:
    text = as_markdown(page())
    assert "\x1b" not in text
    fences = re.split(r"^ *```.*$", text, flags=re.M)
    for line in "".join(fences[::2]).splitlines():
        without_code = re.sub(r"<code>.*?</code>", "", re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", line))
        assert not re.search(r"<|@everyone|::error", without_code), line


def test_long_pages_give_up_something_and_say_so() -> None:
    text = as_markdown(page(n_tests=3_000))
    assert len(text.encode()) <= MAX_BYTES
    assert "### Parallel-only (3,000)" in text and "and 2,900 more, in `report.json`" in text
    assert "PARALLEL-ONLY" in as_text(page(n_tests=3_000)) and "and 2,980 more, in report.json" in as_text(
        page(n_tests=3_000)
    )
    assert as_html(page(n_tests=3_000)).count('<details class="card"') < 300


def test_the_json_has_everything_and_the_same_page_gives_the_same_bytes() -> None:
    document = json.loads(as_json(page(n_tests=300)))
    assert (document["format"], document["version"]) == ("xdist-ci/parallelize", 1)
    assert (document["answer"], document["exit_code"], document["tests"]) == ("no-go", 1, 302)
    assert len(document["differences"]) == 302
    assert document["differences"][0] == {
        "nodeid": HOSTILE,
        "kind": "lost",
        "serial": {"runs": 2, "missing": 0, "bad": 0, "skipped": 0, "lost": 0},
        "parallel": {"runs": 2, "missing": 0, "bad": 1, "skipped": 0, "lost": 1},
        "message": MESSAGE,
        "text": MESSAGE,
        "tests": 0,
    }
    assert [gate["state"] for gate in document["gates"]] == ["passed", "failed", "failed", "failed", "failed"]
    assert as_json(page(n_tests=300)) == as_json(page(n_tests=300))


def test_every_kind_has_its_words() -> None:
    assert set(TITLES) == set(Kind)


def test_the_printed_command_is_one_that_bisect_takes() -> None:
    import argparse
    import shlex

    found = page()
    commands = [next_step(difference, found) for difference in found.comparison.differences]
    (command,) = filter(None, commands)  # none for what can't be pasted, or wouldn't be found by bisecting
    words = shlex.split(command)
    parser = argparse.ArgumentParser()
    configure(parser)
    arguments = parser.parse_args(words[2 : words.index("--")])
    assert (arguments.test, str(arguments.source)) == ("t/b.py::test_0", "out dir")
    assert words[words.index("--") + 1 :] == list(found.command)
