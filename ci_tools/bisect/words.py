"""A bisection in sentences, and the commands that show it again: what text and Markdown have in common."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence

from ci_tools.bisect.bisection import Bisection, Culprit, Fact, Kind
from ci_tools.bisect.scene import Way
from ci_tools.model.rates import rate_text
from ci_tools.model.words import count, duration
from ci_tools.report.reproduce import is_pasteable

_NOBODY = {
    Kind.ALWAYS: "it fails alone: no other test is to blame",
    Kind.RANDOM: "it fails alone too, at times: no other test is to blame as far as seen",
    Kind.WORKER: "it fails alone too, in a worker of pytest-xdist: no other test is to blame as far as seen",
    Kind.LASTING: "what runs with other tests leave behind stays: clean it up first, in the command behind --",
    Kind.UNCLEAR: "it failed in some of these runs, not clearly more often with other tests than alone",
}


def headline(found: Bisection) -> str:
    """Return the answer, about `it`: the test is named elsewhere."""
    culprits = found.culprits
    if found.kind is Kind.UNSEEN:
        return "it failed in none of these runs" if not found.ended else "not known yet"
    if found.kind in _NOBODY:
        return _NOBODY[found.kind]
    if found.kind is Kind.NEEDS:
        return f"it fails unless {_others(culprits[0])} ran before it"
    return f"it fails {', and also '.join(_how(culprit) for culprit in culprits)}"


def _how(culprit: Culprit) -> str:
    return f"{_place(culprit.way)} {_others(culprit)}"


def _others(culprit: Culprit) -> str:
    doubt = "" if culprit.is_minimal else _it(culprit, "perhaps ", "some of ")
    return f"{doubt}{count(len(culprit.tests), 'other test')}"


def _place(way: Way) -> str:
    return {Way.BESIDE: "beside", Way.RECORDED: "after and beside"}.get(way, "after")


def fact_words(fact: Fact) -> tuple[str, str]:
    """Return with whom the test ran, and how often it failed."""
    if not fact.n_tests:
        return "alone, in a worker" if fact.way.is_concurrent else "alone", _rate(fact)
    tests = count(fact.n_tests, "test")
    with_whom = {
        Way.BEFORE: f"after all that ran before it ({tests})",
        Way.BESIDE: f"beside {tests} that ran beside it",
        Way.EARLIER: f"in one process after all that began earlier in any ({tests})",
        Way.RECORDED: f"with all that ran before and beside it, in as many processes ({tests})",
    }
    return with_whom[fact.way], _rate(fact)


def culprit_words(culprit: Culprit, found: Bisection) -> str:
    """Return what it does with these tests, and how often."""
    verb = "passed" if found.kind is Kind.NEEDS else "failed"
    which = _it(culprit, "this test", "these tests")
    if not culprit.is_minimal:
        doubt = _it(culprit, "not confirmed", "maybe not all of them are needed")
        return f"{verb} {_place(culprit.way)} {which} in {_rate(culprit.fact)}, {doubt}"
    return f"{verb} {_place(culprit.way)} {which} in {_rate(culprit.fact)}"


def _rate(fact: Fact) -> str:
    return rate_text(fact.share.bad, fact.share.n)


def rest_words(culprit: Culprit) -> str:
    """Return what the other suspects do, "" when there are none."""
    if culprit.rest is None:
        return ""
    others = count(culprit.rest.n_tests, "other")
    return f"{_place(culprit.way)} the {others} without {_it(culprit, 'it', 'them')} in {_rate(culprit.rest)}"


def _it(culprit: Culprit, one: str, more: str) -> str:
    return one if len(culprit.tests) == 1 else more


def cost_words(found: Bisection) -> str:
    """Return what the answer cost, and whether it is final."""
    unjudged = f", {found.n_unjudged:,} of them not to be judged" if found.n_unjudged else ""
    ended = f"; stopped as {found.ended}" if found.ended else ""
    return f"{count(found.n_runs, 'run')}{unjudged}, {duration(found.seconds)}{ended}"


# -- commands ------------------------------------------------------------------------------


def commands(found: Bisection) -> tuple[tuple[str, str], ...]:
    """Return (what it does, command) for a shell, as far as the ids in it can be pasted; of each culprit in turn."""
    rows: list[tuple[str, str]] = []
    for culprit in found.culprits:
        if all(map(is_pasteable, (found.test, *culprit.tests))):
            rows += _plain(found, culprit)
            if _are_apart(found, culprit):
                rows.append(("again, counted", shlex.join(_own(found, culprit))))
    return tuple(rows)


def _are_apart(found: Bisection, culprit: Culprit) -> bool:
    """Whether --beside, which gives each test a process of its own, runs them as they were run."""
    others = found.scene.lanes[1:] if culprit.way is Way.RECORDED else ()
    return all(len(set(lane).intersection(culprit.tests)) < 2 for lane in others)


def _plain(found: Bisection, culprit: Culprit) -> Iterator[tuple[str, str]]:
    """Yield what shows it with pytest alone: it runs tests in the order of its arguments, none beside another."""
    if culprit.way.is_concurrent or not found.pytest:
        return
    if found.kind is Kind.NEEDS:
        yield "it fails", shlex.join([*found.pytest, found.test])
        yield "it passes", shlex.join([*found.pytest, *culprit.tests, found.test])
    else:
        yield "with pytest alone", shlex.join([*found.pytest, *culprit.tests, found.test])


def _own(found: Bisection, culprit: Culprit) -> list[str]:
    before = set(culprit.tests if not culprit.way.is_concurrent else ())
    if culprit.way is Way.RECORDED:
        before = set(found.scene.before)
    words = ["ci-tools", "bisect", found.test]
    for test in culprit.tests:
        words += ["--after" if test in before else "--beside", test]
    return [*words, *found.options, *(("--", *found.command) if found.command else ())]


def pytest_words(command: Sequence[str], *, has_xdist: bool, is_path: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the command to put node ids behind: without the paths in it, serial, and nothing shuffled.

    () for a line of a shell, behind which nothing can be put.
    """
    if command[:1] == ("bash",):
        return ()
    kept = [
        word
        for before, word in zip(("", *command), command)
        if not is_path(word.partition("::")[0]) or word == command[0] or _takes_value(before)
    ]
    return (*kept, "-p", "no:randomly", *(("-n", "0") if has_xdist else ()))


def _takes_value(word: str) -> bool:
    """Guess whether an option's value is the next word: of long ones that aren't flags by their names."""
    if word.startswith("--"):
        return not re.match(r"--(.*=|run|show|(no|disable|strict|verbose|quiet|exitfirst|lf|ff|nf|sw)\b)", word)
    return bool(re.fullmatch(r"-[xvqslh]*[ckmnoprW]", word))
