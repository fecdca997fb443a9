"""What was found, in words: who did what to what, which the other one did what to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ci_tools.audit.dynamic.conflicts import Conflict
from ci_tools.audit.dynamic.deeds import Actor, Deed
from ci_tools.audit.dynamic.leaks import Leak
from ci_tools.audit.dynamic.replays import Outcome, Rates, Verdict
from ci_tools.audit.dynamic.study import Study
from ci_tools.model.evidence import Access, Kind
from ci_tools.model.rates import rate_text
from ci_tools.model.words import count

Quote = Callable[[str], str]  # a hostile name, safe to show

_VERBS = {
    Access.READ: "read",
    Access.WRITE: "wrote",
    Access.APPEND: "appended to",
    Access.DELETE: "deleted",
    Access.TREE: "deleted all of",
    Access.MAKE: "made",
    Access.LIST: "listed",
    Access.DATABASE: "opened",
    Access.CHANGE: "changed",
    Access.BIND: "bound",
    Access.CONNECT: "connected to",
}
_LEFT = {
    "environ": "environment variable {name} {how}",
    "cwd": "another working directory",
    "umask": "another umask",
    "locale": "another locale",
    "signal": "another handler of {name}",
    "sys.path": "sys.path entry {name} {how}",
    "logging": "logger {name} {how}: its level or its handlers",
    "warnings": "other filters of warnings",
    "thread": "thread {name} running",
    "process": "a child process",
    "descriptor": "{name} open",
    "setting": "{name} changed",
    "global": "{name} changed",
}
_VERDICTS = {
    Verdict.CONFIRMED: "confirmed",
    Verdict.SEEN: "it failed beside and never alone, but not often enough to be sure: replay it more often",
    Verdict.ALONE: "fails one after the other too: the cause isn't, or isn't only, that they run at once",
    Verdict.NOT_SEEN: "no replay failed: that disproves nothing",
    Verdict.UNJUDGED: "too few replays can be judged",
}


def conflict_sentence(conflict: Conflict, quote: Quote) -> str:
    """Return `A deleted all of sessions, which B wrote`."""
    first, second = conflict.first, conflict.second
    what = quote(first.root or conflict.resources[0])
    if first.actor == second.actor:
        where = " that needs it" if first.actor.kind is Kind.FIXTURE else ""
        return f"{actor_words(first.actor, quote)} {_verb(first)} {what} in every worker{where}"
    where = f" (below it {quote(second.root)})" if second.root and second.root != (first.root or "") else ""
    if first.root not in ("", conflict.resources[0]):
        what = f"{what}, in {quote(conflict.resources[0])}"
    who, other = actor_words(first.actor, quote), actor_words(second.actor, quote)
    return f"{who} {_verb(first)} {what}, which {other} {_verb(second)}{where}"


def _verb(deed: Deed) -> str:
    return _VERBS.get(deed.access, deed.access.value)


def actor_words(actor: Actor, quote: Quote) -> str:
    """Return what an actor is called."""
    if actor.kind is Kind.COLLECTION:
        return "importing the test files"
    if actor.kind is Kind.END:
        return "a hook at the end of a worker"
    return f"fixture {quote(actor.id)}" if actor.kind is Kind.FIXTURE else quote(actor.id)


def more_words(conflict: Conflict, n_named: int = 1) -> str:
    """Return how much more there is to it than so many resources, "" when there isn't."""
    parts = []
    if len(conflict.resources) > n_named:
        parts.append(f"the same in {count(len(conflict.resources) - n_named, 'more resource')}")
    n_more = len({*conflict.actors} - {conflict.first.actor, conflict.second.actor})
    if n_more:
        have = "has" if n_more == 1 else "have"
        parts.append(f"{count(n_more, 'more test or fixture', 'more tests and fixtures')} {have} to do with it")
    return "; ".join(parts)


def outcome_sentences(outcome: Outcome, quote: Quote) -> Iterator[str]:
    """Yield how often each test failed in replays, then what that says."""
    for test, rates in zip((outcome.pair.first, outcome.pair.second), outcome.rates):
        if rates.failed_beside or rates.failed_alone:
            yield f"{quote(test)} failed in {_rates_words(rates)}"
    if outcome.verdict is Verdict.NOT_SEEN:
        yield f"failed in {_rates_words(outcome.either)}"
    yield _VERDICTS[outcome.verdict]
    if outcome.problem:
        yield f"replays that can't be judged don't count: {quote(outcome.problem)}"


def _rates_words(rates: Rates) -> str:
    beside = rate_text(rates.failed_beside, rates.n_beside)
    return f"{beside} at the same time, in {rate_text(rates.failed_alone, rates.n_alone)} one after the other"


def leak_sentence(leak: Leak, quote: Quote) -> str:
    """Return `A left environment variable HOME set`."""
    what = _LEFT.get(leak.what, "{what} {name}").format(what=leak.what, name=quote(leak.name), how=leak.how)
    who = actor_words(leak.actor, quote)
    if leak.actor.kind is Kind.END:
        who = f"one of the last {leak.among:,} tests of a worker" if leak.among > 1 else "the last test of a worker"
    elif leak.among > 1:
        who = f"{who}, or one of {count(leak.among - 1, 'test')} before it in its worker,"
    return f"{who} left {what}"


def runs_sentence(study: Study) -> str:
    """Return how the suite was watched."""
    n_tests = max((run.n_tests for run in study.runs), default=0)
    orders = ", ".join(_run_words(run.conditions.order.value, run.conditions.seed) for run in study.runs)
    workers = study.runs[0].conditions.workers if study.runs else "0"
    return f"{count(n_tests, 'test')} watched in {count(len(study.runs), 'run')} with -n {workers} (order: {orders})"


def _run_words(order: str, seed: int) -> str:
    return f"random {seed}" if order == "random" else order


def gaps(study: Study, quote: Quote) -> Iterator[str]:
    """Yield what this study can't have seen, beyond what no study sees."""
    for number, run in enumerate(study.runs, 1):
        if run.problem:
            yield f"run {number} isn't complete: {quote(run.problem)}"
        if run.failed:
            some = ", ".join(quote(test) for test in run.failed[:3])
            yield f"run {number}: {count(len(run.failed), 'test')} failed: {some}{' …' if len(run.failed) > 3 else ''}"
        if run.not_collected:
            some = ", ".join(quote(file) for file in run.not_collected[:3])
            yield f"run {number}: not collected, and so not watched: {some}{' …' if len(run.not_collected) > 3 else ''}"
        if run.unwatched:
            yield f"run {number}: no evidence of {', '.join(map(quote, run.unwatched))}"
    if study.seen.omitted:
        yield f"{count(study.seen.omitted, 'access', 'accesses')} too many were left out"
    if study.seen.damaged:
        yield f"{count(study.seen.damaged, 'line')} of evidence can't be read"
    programs = programs_of(study)
    if programs:
        some = ", ".join(f"{quote(name)} ({count(n, 'test')})" for name, n in list(programs.items())[:5])
        yield f"tests start programs, whose own files nobody sees: {some}{' …' if len(programs) > 5 else ''}"


def programs_of(study: Study) -> dict[str, int]:
    """Return how many tests start which program, most of them first."""
    found = {}
    for resource, deeds in study.seen.deeds.items():
        if resource.startswith("program:"):
            tests = {test for deed in deeds for test in study.seen.tests.get(deed.actor, ())}
            if tests:
                found[resource.removeprefix("program:")] = len(tests)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def servers_of(study: Study) -> dict[str, int]:
    """Return the servers that tests of several files connect to, and nobody of them binds: with so many files."""
    found = {}
    for resource, deeds in study.seen.deeds.items():
        if any(deed.access is Access.BIND for deed in deeds):
            continue
        connected = [deed.actor for deed in deeds if deed.access is Access.CONNECT]
        files = {file for actor in connected for file in study.seen.files.get(actor, ())}
        if len(files) > 1:
            found[resource] = len(files)
    return found
