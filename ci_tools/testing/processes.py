"""Processes that start at the same moment, whose failures are the test's, and of which none is left behind."""

from __future__ import annotations

import contextlib
import selectors
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from typing import Literal, NamedTuple, TypeVar, cast

from ci_tools.model.words import count
from ci_tools.testing.child import READY, Answer, Call, packed, serve
from ci_tools.testing.clock import now_s
from ci_tools.testing.failures import ending, raise_all

T = TypeVar("T")
StartMethod = Literal["spawn", "fork", "forkserver"]


class _Child(NamedTuple):
    name: str
    process: BaseProcess
    pipe: Connection


class _RaisedThereError(Exception):
    """The cause of an error that comes from a process."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def synchronized_processes(
    functions: Sequence[Callable[[], T]], *, timeout_s: float = 30.0, start_method: StartMethod = "spawn"
) -> list[T]:
    """Call each function in a process of its own, all at the same moment; return their results in order.

    A new process imports its function, which therefore stands at the top of a module; arguments go with it by
    `functools.partial(buy, path)`. TypeError tells of one that can't be sent before any process starts. What they
    raise is raised here once all have ended, with the process's traceback: a lone error as it is, several as
    an ExceptionGroup (the first of them on Python 3.10, which has no groups). One that dies is a
    ChildProcessError, those that still run after `timeout_s` are named in a TimeoutError.

    None is left behind: they are killed before this returns or raises, and end when this process dies.
    """
    deadline_s = now_s() + timeout_s
    lingering: list[_Child] = []
    with _children([packed(function) for function in functions], start_method) as children:
        answers = _answers(children, deadline_s)
        if list(answers.values()) == [READY] * len(children):
            for child in children:
                with contextlib.suppress(ConnectionError):  # it has died, and won't answer either
                    child.pipe.send(None)
            answers = _answers(children, deadline_s)
            lingering = _let_end(answers, deadline_s)
    failures = [_failure(child, answers[child]) for child in children if child in answers]
    errors = [error for error in failures if error is not None]
    if hung := [child.name for child in children if child not in answers or child in lingering]:
        errors.append(TimeoutError(f"still running after {timeout_s:g} s: {', '.join(hung)}"))
    raise_all(f"{len(errors)} of {count(len(children), 'process', 'processes')} failed", errors)
    return [cast("T", answer.result) for answer in answers.values() if isinstance(answer, Answer)]


@contextlib.contextmanager
def _children(calls: list[Call], start_method: StartMethod) -> Iterator[list[_Child]]:
    """Start a process for each call; kill those that are left."""
    context = cast("SpawnContext", get_context(start_method))  # what they have in common has no Process in typeshed
    children: list[_Child] = []
    try:
        for number, call in enumerate(calls, 1):
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs, call))
            process.start()
            theirs.close()
            children.append(_Child(f"process {number} of {len(calls)} ({call.name})", process, ours))
        yield children
    finally:
        for child in children:
            child.process.kill()
        for child in children:
            child.process.join()
            child.process.close()
            child.pipe.close()


def _answers(children: list[_Child], deadline_s: float) -> dict[_Child, Answer | int]:
    """Return what each child sends next, or its exit code; of one that does neither in time there is nothing."""
    answers: dict[_Child, Answer | int] = {}
    with selectors.DefaultSelector() as selector:
        for child in children:
            selector.register(child.pipe, selectors.EVENT_READ)
            selector.register(child.process.sentinel, selectors.EVENT_READ)
        while len(answers) < len(children) and (left_s := deadline_s - now_s()) > 0:
            selector.select(left_s)
            # Asked again: what a child sent before it died is there by now.
            ready = {key.fileobj for key, _ in selector.select(0)}
            for child in children:
                if child not in answers and ready & {child.pipe, child.process.sentinel}:
                    answers[child] = _answer(child, sent=child.pipe in ready)
                    selector.unregister(child.pipe)
                    selector.unregister(child.process.sentinel)
    return {child: answers[child] for child in children if child in answers}


def _answer(child: _Child, *, sent: bool) -> Answer | int:
    if sent:
        with contextlib.suppress(EOFError, OSError):  # closed, or killed within a long answer
            return cast("Answer", child.pipe.recv())
    child.process.kill()
    child.process.join()
    return child.process.exitcode or 0


def _let_end(answered: Iterable[_Child], deadline_s: float) -> list[_Child]:
    """Return those that don't end in time: what they do at their end is part of them (`atexit`, threads, coverage)."""
    lingering = []
    for child in answered:
        with selectors.DefaultSelector() as selector:
            selector.register(child.process.sentinel, selectors.EVENT_READ)
            if not selector.select(max(0.0, deadline_s - now_s())):
                lingering.append(child)
    return lingering


def _failure(child: _Child, answer: Answer | int) -> BaseException | None:
    if isinstance(answer, int):
        return ChildProcessError(f"{child.name} {ending(answer)}")
    if answer.error is not None:
        answer.error.__cause__ = _RaisedThereError(answer.traceback)
    return answer.error
