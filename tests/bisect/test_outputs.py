"""What is told of a bisection: whole outputs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ci_tools.bisect.as_json import as_json
from ci_tools.bisect.bisection import Bisection, Culprit, Fact, Kind
from ci_tools.bisect.markdown import as_markdown
from ci_tools.bisect.scene import Scene, Way
from ci_tools.bisect.text import as_text
from ci_tools.bisect.words import commands, headline, pytest_words
from ci_tools.model.statistics import Share

PYTEST = ("python", "-m", "pytest", "-p", "no:randomly", "-n", "0")
POLLUTER, VICTIM = "tests/test_shop.py::test_debug", "tests/test_cart.py::test_total[a b]"


def fact(way: Way, n_tests: int, bad: int, n: int) -> Fact:
    return Fact(way=way, n_tests=n_tests, share=Share(bad=bad, n=n))


ORDER = Culprit(way=Way.BEFORE, tests=(POLLUTER,), fact=fact(Way.BEFORE, 1, 5, 5), rest=fact(Way.BEFORE, 56, 0, 3))
FOUND = Bisection(
    test=VICTIM,
    kind=Kind.ORDER,
    scene=Scene(test=VICTIM, source="bundles/shard-1-of-1-attempt-1", worker="gw0", before=(POLLUTER,)),
    facts=(fact(Way.BEFORE, 0, 0, 5), fact(Way.BEFORE, 57, 3, 3), fact(Way.BESIDE, 0, 0, 5), fact(Way.BESIDE, 4, 0, 5)),
    culprits=(ORDER,),
    message="AssertionError: assert 3 == 2\nmore",
    n_runs=31,
    seconds=24.3,
    changes=(f"'{POLLUTER}' changes 'app.config.DEBUG'",),
    pytest=PYTEST,
)
TEXT = """\
tests/test_cart.py::test_total[a b]
  it fails after 1 other test

failed after this test in 5 of 5 runs (100 %, 95 % interval 47.8 to 100 %):
  tests/test_shop.py::test_debug
after the 56 others without it in 0 of 3 runs (at most 63.2 %)

alone: 0 of 5 runs (at most 45.1 %)
after all that ran before it (57 tests): 3 of 3 runs (100 %, 95 % interval 29.2 to 100 %)
alone, in a worker: 0 of 5 runs (at most 45.1 %)
beside 4 tests that ran beside it: 0 of 5 runs (at most 45.1 %)
last failure: AssertionError: assert 3 == 2

'tests/test_shop.py::test_debug' changes 'app.config.DEBUG'

with pytest alone:
  python -m pytest -p no:randomly -n 0 tests/test_shop.py::test_debug 'tests/test_cart.py::test_total[a b]'

again, counted:
  ci-tools bisect 'tests/test_cart.py::test_total[a b]' --after tests/test_shop.py::test_debug

31 runs, 24.3 s
it began with bundles/shard-1-of-1-attempt-1, on gw0
"""
MARKDOWN = """\
# `tests/test_cart.py::test_total[a b]`

**it fails after 1 other test**

failed after this test in 5 of 5 runs (100 %, 95 % interval 47.8 to 100 %):

1. `tests/test_shop.py::test_debug`

after the 56 others without it in 0 of 3 runs (at most 63.2 %)

| with | failed in |
| --- | --- |
| alone | 0 of 5 runs (at most 45.1 %) |
| after all that ran before it (57 tests) | 3 of 3 runs (100 %, 95 % interval 29.2 to 100 %) |
| alone, in a worker | 0 of 5 runs (at most 45.1 %) |
| beside 4 tests that ran beside it | 0 of 5 runs (at most 45.1 %) |

Last failure: `AssertionError: assert 3 == 2`

- `tests/test_shop.py::test_debug` changes `app.config.DEBUG`

With pytest alone:

```sh
python -m pytest -p no:randomly -n 0 tests/test_shop.py::test_debug 'tests/test_cart.py::test_total[a b]'
```

Again, counted:

```sh
ci-tools bisect 'tests/test_cart.py::test_total[a b]' --after tests/test_shop.py::test_debug
```

31 runs, 24.3 s
"""


def test_the_text_has_answer_counts_reason_and_commands() -> None:
    assert as_text(FOUND) == TEXT


def test_the_markdown_has_the_same() -> None:
    assert as_markdown(FOUND) == MARKDOWN


def test_the_json_has_the_same() -> None:
    assert json.loads(as_json(FOUND)) == {
        "format": "xdist-ci/bisect",
        "version": 1,
        "test": VICTIM,
        "kind": "order",
        "headline": "it fails after 1 other test",
        "culprits": [
            {
                "way": "before",
                "tests": [POLLUTER],
                "is_minimal": True,
                "happened": {"way": "before", "tests": 1, "k": 5, "n": 5, "low": 0.4782, "high": 1.0},
                "rest": {"way": "before", "tests": 56, "k": 0, "n": 3, "low": 0.0, "high": 0.7076},
            }
        ],
        "facts": [
            {"way": "before", "tests": 0, "k": 0, "n": 5, "low": 0.0, "high": 0.5218},
            {"way": "before", "tests": 57, "k": 3, "n": 3, "low": 0.2924, "high": 1.0},
            {"way": "beside", "tests": 0, "k": 0, "n": 5, "low": 0.0, "high": 0.5218},
            {"way": "beside", "tests": 4, "k": 0, "n": 5, "low": 0.0, "high": 0.5218},
        ],
        "message": "AssertionError: assert 3 == 2\nmore",
        "changes": [f"'{POLLUTER}' changes 'app.config.DEBUG'"],
        "commands": [{"what": what, "command": command} for what, command in commands(FOUND)],
        "recorded": {"source": "bundles/shard-1-of-1-attempt-1", "worker": "gw0"},
        "runs": 31,
        "unjudged": 0,
        "seconds": 24.3,
        "ended": "",
    }


BESIDE = replace(ORDER, way=Way.BESIDE, rest=None)


@pytest.mark.parametrize(
    ("found", "words", "code"),
    [
        (replace(FOUND, culprits=(replace(ORDER, tests=("a", "b")),)), "it fails after 2 other tests", 0),
        (replace(FOUND, kind=Kind.CONCURRENT, culprits=(BESIDE,)), "it fails beside 1 other test", 0),
        (
            replace(FOUND, kind=Kind.BOTH, culprits=(ORDER, BESIDE)),
            "it fails after 1 other test, and also beside 1 other test",
            0,
        ),
        (replace(FOUND, kind=Kind.NEEDS), "it fails unless 1 other test ran before it", 0),
        (replace(FOUND, kind=Kind.ALWAYS, culprits=()), "it fails alone: no other test is to blame", 1),
        (
            replace(FOUND, kind=Kind.RANDOM, culprits=()),
            "it fails alone too, at times: no other test is to blame as far as seen",
            1,
        ),
        (replace(FOUND, kind=Kind.UNSEEN, culprits=()), "it failed in none of these runs", 3),
        (replace(FOUND, kind=Kind.UNSEEN, culprits=(), ended="2m 00s are up"), "not known yet", 3),
        (
            replace(FOUND, culprits=(replace(ORDER, is_minimal=False),), ended="2m 00s are up"),
            "it fails after perhaps 1 other test",
            0,
        ),
        (
            replace(FOUND, culprits=(replace(ORDER, tests=("a", "b"), is_minimal=False),), ended="2m 00s are up"),
            "it fails after some of 2 other tests",
            0,
        ),
        (
            replace(FOUND, kind=Kind.WORKER, culprits=()),
            "it fails alone too, in a worker of pytest-xdist: no other test is to blame as far as seen",
            1,
        ),
        (
            replace(FOUND, kind=Kind.LASTING, culprits=()),
            "what runs with other tests leave behind stays: clean it up first, in the command behind --",
            3,
        ),
        (
            replace(FOUND, kind=Kind.UNCLEAR, culprits=()),
            "it failed in some of these runs, not clearly more often with other tests than alone",
            3,
        ),
    ],
)
def test_each_kind_has_its_sentence_and_exit_code(found: Bisection, words: str, code: int) -> None:
    assert (headline(found), found.kind.exit_code) == (words, code)
    assert as_text(found).splitlines()[1] == f"  {words}"


def test_a_test_that_needs_another_fails_and_passes() -> None:
    assert commands(replace(FOUND, kind=Kind.NEEDS, test="v", culprits=(replace(ORDER, tests=("p.py::p",)),))) == (
        ("it fails", "python -m pytest -p no:randomly -n 0 v"),
        ("it passes", "python -m pytest -p no:randomly -n 0 p.py::p v"),
        ("again, counted", "ci-tools bisect v --after p.py::p"),
    )


def test_pytest_alone_can_t_run_tests_beside_each_other() -> None:
    found = replace(FOUND, test="v", culprits=(replace(BESIDE, tests=("p.py::p",)),), command=("uv", "run", "pytest"))
    assert commands(found) == (("again, counted", "ci-tools bisect v --beside p.py::p -- uv run pytest"),)
    (row,) = commands(replace(found, options=("--stuck-after", "9"), command=()))
    assert row == ("again, counted", "ci-tools bisect v --beside p.py::p --stuck-after 9")


def test_what_ran_before_and_what_beside_is_told_apart() -> None:
    scene = replace(FOUND.scene, before=("a.py::a",))
    found = replace(
        FOUND, test="v", scene=scene, culprits=(replace(BESIDE, way=Way.RECORDED, tests=("a.py::a", "b.py::b")),)
    )
    assert commands(found) == (("again, counted", "ci-tools bisect v --after a.py::a --beside b.py::b"),)
    # Two that ran in one other process aren't run so by --beside.
    assert commands(replace(found, scene=replace(scene, lanes=((), ("a.py::a", "b.py::b"))))) == ()


def test_an_id_that_a_shell_would_take_for_something_else_is_in_no_command() -> None:
    assert commands(replace(FOUND, culprits=(replace(ORDER, tests=("../../evil.py::p",)),))) == ()


def test_hostile_names_stay_where_they_are() -> None:
    evil = "t.py::t[\x1b[2J\n::error::@someone <img>]"
    found = replace(FOUND, test=evil, message=evil, culprits=(replace(ORDER, tests=(evil,)),), changes=())
    assert "\x1b" not in as_text(found)
    assert not any(line.startswith("::") for line in as_text(found).splitlines())
    assert "\x1b" not in as_markdown(found)
    assert as_markdown(found).splitlines()[0] == r"# `t.py::t[\x1b[2J\n::error::@someone <img>]`"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("pytest",), ("pytest", "-p", "no:randomly")),
        (("pytest", "-x", "tests", "tests/test_a.py::test_a"), ("pytest", "-x", "-p", "no:randomly")),
        (("pytest", "-ra", "tests"), ("pytest", "-ra", "-p", "no:randomly")),
        (("pytest", "--strict-markers", "tests"), ("pytest", "--strict-markers", "-p", "no:randomly")),
        (("pytest", "--ignore", "tests/x", "tests"), ("pytest", "--ignore", "tests/x", "-p", "no:randomly")),
        (("pytest", "-c", "tests", "--cov=tests"), ("pytest", "-c", "tests", "--cov=tests", "-p", "no:randomly")),
        (("bash", "-c", "pytest"), ()),
    ],
)
def test_node_ids_go_behind_a_command_without_paths(command: tuple[str, ...], words: tuple[str, ...]) -> None:
    def is_path(word: str) -> bool:
        return word.startswith("tests")

    assert pytest_words(command, has_xdist=False, is_path=is_path) == words
