"""The laws of our files: what is written reads back equal; anything else is a FormatError, and only that."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from samples import DOCUMENTS, FORMATS, HEADED, LINES, REPORT, SESSIONS, attempts_text
from strategies import hostile_nodeids, hostile_text

from ci_tools.formats import attempts_jsonl, collected_jsonl, durations_json, manifest_json, plan_json, report_json
from ci_tools.model.errors import CiToolsError, FormatError
from ci_tools.model.plan import Atom, Certificate, Plan, Shard
from ci_tools.model.report import POLICIES, CaseResult, Conclusion, NotRun, Report, ShardResult, ShardState
from ci_tools.model.run import Attempt, Begin, CollectedFile, Collection, FileState, Manifest, Outcome, Session
from ci_tools.model.verdict import BaseRun, Cause, Changes, Judgement, Slower

law = settings(deadline=None, max_examples=60)

texts = hostile_text
many = st.lists(hostile_nodeids, max_size=4).map(tuple)
whole = st.integers(0, 10**9)
ms = st.integers(0, 10**12)
rounded_s = st.integers(0, 10**13).map(lambda number: number / 1000)
any_s = st.floats(0, 1e9, allow_nan=False)
phase_s = st.integers(0, 10**9).map(lambda number: round(number / 10_000, 4))

certificates = st.builds(
    Certificate,
    tests=whole,
    files=whole,
    total_ms=ms,
    predicted_wall_ms=ms,
    lower_bound_ms=ms,
    bound_by=texts,
    binding=texts,
    useful_shards=whole,
    torn_files=whole,
    unknown_tests=whole,
    assumed_ms=ms,
    rivals_ms=st.dictionaries(texts, st.one_of(st.none(), ms), max_size=3),
)
atoms = st.builds(
    Atom, file=texts, expected_ms=ms, nodeids=st.one_of(st.none(), st.lists(hostile_nodeids, max_size=3).map(tuple))
)
plans = st.builds(
    lambda workers, contents, certificate: Plan(
        workers=workers,
        shards=tuple(
            Shard(index=index, expected_ms=wall, atoms=tuple(own)) for index, (wall, own) in enumerate(contents, 1)
        ),
        certificate=certificate,
    ),
    st.integers(1, 10**6),
    st.lists(st.tuples(ms, st.lists(atoms, max_size=3)), min_size=1, max_size=4),
    st.one_of(st.none(), certificates),
)


def in_order(drawn: tuple[Session, ...]) -> tuple[Session, ...]:
    """Return the sessions with their attempts numbered as their order says."""
    runs: Counter[str] = Counter()
    numbered = []
    for index, session in enumerate(drawn):
        done = []
        for attempt in session.attempts:
            done.append(replace(attempt, rerun=runs[attempt.nodeid], session=index, fresh=session.begin.rerun))
            runs[attempt.nodeid] += 1
        numbered.append(replace(session, attempts=tuple(done)))
    return tuple(numbered)


manifests = st.builds(
    lambda shard, more, **rest: Manifest(shard=shard, shards=shard + more, **rest),
    st.integers(1, 300),
    st.integers(0, 300),
    attempt=st.integers(1, 100),
    plan_digest=texts,
    nonce=texts,
    command=many,
    key=texts,
    sha=texts,
    sealed=st.booleans(),
    exit_code=st.one_of(st.none(), st.integers(-64, 2**32)),
    rerun_exit_code=st.one_of(st.none(), st.integers(-64, 2**32)),
    start_s=rounded_s,
    end_s=rounded_s,
    files=st.dictionaries(texts, texts, max_size=3),
    stopped=texts,
)
attempts = st.builds(
    Attempt,
    nodeid=hostile_nodeids,
    outcome=st.sampled_from(Outcome),
    worker=texts,
    start_s=rounded_s,
    seconds=st.tuples(phase_s, phase_s, phase_s),
    lock_wait_s=phase_s,
    phase=st.sampled_from(["setup", "call", "teardown", "collect"]),
    message=texts,
    text=texts,
    location=texts,
    subtests=st.tuples(whole, whole),
)
begins = st.builds(
    Begin,
    nonce=texts,
    python=texts,
    pytest=texts,
    xdist=texts,
    workers=st.integers(1, 1000),
    dist=texts,
    rootdir=texts,
    start_s=rounded_s,
    rerun=st.integers(0, 3),
)
ended = st.tuples(whole, rounded_s, st.integers(0, 2))
sessions = st.lists(
    st.builds(
        lambda begin, done, running, end: Session(
            begin=begin,
            attempts=tuple(done),
            running=tuple(running),
            **({"exit_status": end[0], "end_s": end[1], "unexplained": end[2]} if end else {}),
        ),
        begins,
        st.lists(attempts, max_size=3),
        st.lists(hostile_nodeids, max_size=2, unique=True),
        st.one_of(st.none(), ended),
    ),
    max_size=3,
).map(lambda drawn: in_order(tuple(drawn)))
collections = st.builds(
    Collection,
    files=st.lists(
        st.builds(
            CollectedFile,
            file=texts,
            state=st.sampled_from(FileState),
            reason=texts,
            selected=many,
            deselected=many,
            left=many,
            serial=many,
        ),
        max_size=4,
    ).map(tuple),
)
cases = st.builds(
    lambda nodeid, shard, runs: CaseResult(
        nodeid=nodeid,
        shard=shard,
        attempts=tuple((number, Attempt(**{**values, "nodeid": nodeid})) for number, values in runs),
    ),
    hostile_nodeids,
    st.integers(1, 300),
    st.lists(
        st.tuples(whole, attempts.map(lambda a: {name: getattr(a, name) for name in Attempt.__dataclass_fields__})),
        min_size=1,
        max_size=3,
    ),
)
reports = st.builds(
    Report,
    conclusion=st.sampled_from(Conclusion),
    reasons=many,
    notes=many,
    plan_digest=texts,
    workers=st.integers(1, 1000),
    certificate=st.one_of(st.none(), certificates),
    shards=st.lists(
        st.builds(
            ShardResult,
            index=st.integers(1, 300),
            attempt=whole,
            state=st.sampled_from(ShardState),
            reason=texts,
            exit_code=st.one_of(st.none(), st.integers(-64, 255)),
            tests=whole,
            bad=whole,
            workers=whole,
            planned_s=any_s,
            tests_s=any_s,
            wall_s=any_s,
        ),
        max_size=3,
    ).map(tuple),
    cases=st.lists(cases, max_size=3).map(tuple),
    not_run=st.lists(st.builds(NotRun, name=texts, shard=whole, why=texts), max_size=3).map(tuple),
    lost=many,
    duplicated=many,
    unplanned=many,
    gone=many,
    ignored=many,
    skipped_modules=many,
    deselected=many,
    judgements=st.lists(st.builds(Judgement, nodeid=texts, cause=st.sampled_from(Cause), why=texts), max_size=3).map(
        tuple
    ),
    changes=st.none()
    | st.builds(
        Changes,
        base=st.builds(BaseRun, branch=texts, sha=texts, run_id=whole, at_s=any_s, tests=whole),
        newly_failing=many,
        fixed=many,
        new=many,
        removed=many,
        newly_skipped=many,
        slower=st.lists(st.builds(Slower, nodeid=texts, before_s=any_s, now_s=any_s), max_size=3).map(tuple),
    ),
    fail_on=st.sampled_from(POLICIES),
)


def is_consistent(report: Report) -> bool:
    """Whether it says why it didn't pass, and passed without a failure that counts."""
    passed = report.conclusion is Conclusion.PASSED
    return set(report.bad) <= set(report.quarantined) if passed else bool(report.reasons)


recorded = st.dictionaries(hostile_nodeids, st.integers(0, 10**11).map(lambda number: number / 1000), max_size=6)


# -- what is written reads back equal --------------------------------------------------------


@law
@given(plans)
def test_a_plan_reads_back_equal(plan: Plan) -> None:
    read = plan_json.loads(plan_json.dumps(plan), source="plan.json")
    assert (read, read.digest) == (plan, plan.digest)


@law
@given(manifests)
def test_a_manifest_reads_back_equal(manifest: Manifest) -> None:
    assert manifest_json.loads(manifest_json.dumps(manifest), source="manifest.json") == manifest


@law
@given(sessions)
def test_sessions_read_back_equal(drawn: tuple[Session, ...]) -> None:
    assert attempts_jsonl.loads(attempts_text(drawn), source="attempts.jsonl") == (drawn, "")


@law
@given(collections)
def test_a_collection_reads_back_equal(collection: Collection) -> None:
    assert collected_jsonl.loads(collected_jsonl.dumps(collection), source="collected.jsonl") == collection


@law
@given(reports.filter(is_consistent))
def test_a_report_reads_back_equal(report: Report) -> None:
    assert report_json.loads(report_json.dumps(report), source="report.json") == report


def test_a_report_that_passed_has_no_failure_that_counts() -> None:
    text = report_json.dumps(replace(REPORT, conclusion=Conclusion.PASSED, judgements=()))
    with pytest.raises(FormatError, match="'conclusion' is 'passed', and tests failed"):
        report_json.loads(text, source="report.json")


def test_a_report_that_did_not_pass_says_why() -> None:
    text = '{"format": "xdist-ci/report", "version": 2, "conclusion": "failed", "plan_digest": "", "workers": 1'
    names = ("lost", "duplicated", "unplanned", "gone", "ignored", "skipped_modules", "deselected", "reasons", "notes")
    lists = "".join(f', "{name}": []' for name in names) + ', "fail_on": "any", "judgements": []'
    with pytest.raises(FormatError, match="'reasons' is empty"):
        report_json.loads(f'{text}{lists}, "shards": [], "tests": [], "not_run": []}}', source="report.json")


@law
@given(recorded)
def test_durations_read_back_equal(durations_s: dict[str, float]) -> None:
    assert durations_json.loads(durations_json.dumps(durations_s), source=".test_durations") == durations_s


@law
@given(recorded, st.booleans())
def test_durations_as_pytest_split_writes_them_read_back_equal(durations_s: dict[str, float], pairs: bool) -> None:
    value = [list(pair) for pair in durations_s.items()] if pairs else durations_s
    assert durations_json.loads(json.dumps(value, sort_keys=True, indent=4), source=".test_durations") == durations_s


@law
@given(st.tuples(plans, manifests, sessions, collections, reports, recorded))
def test_all_text_is_ascii_and_ends_its_last_line(values: tuple[Any, ...]) -> None:
    drawn = [format.dumps(value) for format, value in zip(FORMATS.values(), values)]
    assert [text for text in drawn if not text.isascii() or (text and not text.endswith("\n"))] == []


# -- anything else is a FormatError ----------------------------------------------------------


def outcome_of(file: str, text: str) -> str:
    """Return "read" or "refused"; any other exception flies."""
    try:
        FORMATS[file].loads(text, source=file)
    except FormatError:
        return "refused"
    return "read"


@pytest.mark.parametrize("file", DOCUMENTS)
def test_a_document_cut_off_at_any_byte_is_refused(file: str) -> None:
    text = FORMATS[file].text
    assert text.isascii()
    # Only the end of the last line may be missing: pytest-split writes none.
    accepted = [length for length in range(len(text)) if outcome_of(file, text[:length]) == "read"]
    assert accepted == [len(text) - 1]


@pytest.mark.parametrize("end", ["", "\n"])
def test_attempts_cut_off_at_any_byte_keep_the_lines_before(end: str) -> None:
    rows = FORMATS["attempts.jsonl"].text.splitlines()
    for number in range(1, len(rows)):
        before = "".join(f"{row}\n" for row in rows[:number])
        kept, damage = attempts_jsonl.loads(before, source="attempts.jsonl")
        assert (damage, kept[0].begin) == ("", SESSIONS[0].begin)
        broken = f"line {number + 1} is cut off or damaged"
        for length in range(1, len(rows[number])):
            cut = before + rows[number][:length] + end
            assert attempts_jsonl.loads(cut, source="attempts.jsonl") == (kept, broken)


def test_a_line_that_a_killed_worker_tore_costs_no_other() -> None:
    """Another process writes on behind it, on the same line."""
    rows = FORMATS["attempts.jsonl"].text.splitlines()
    whole = attempts_jsonl.loads(FORMATS["attempts.jsonl"].text, source="attempts.jsonl")
    for number in range(1, len(rows)):
        torn = rows[number]
        for length in range(1, len(torn)):
            text = "".join(f"{row}\n" for row in [*rows[:number], torn[:length] + torn, *rows[number + 1 :]])
            assert attempts_jsonl.loads(text, source="attempts.jsonl") == whole, torn[:length]


def test_attempts_cut_off_in_the_first_line_hold_nothing() -> None:
    first = FORMATS["attempts.jsonl"].text.splitlines()[0]
    found = {attempts_jsonl.loads(first[:length], source="attempts.jsonl") for length in range(1, len(first))}
    assert found == {((), "line 1 is cut off or damaged")}
    assert attempts_jsonl.loads("", source="attempts.jsonl") == ((), "")


def test_a_collection_cut_off_at_any_byte_is_incomplete_and_keeps_the_lines_before() -> None:
    text, collection = FORMATS["collected.jsonl"].text, FORMATS["collected.jsonl"].sample
    head = text.index("\n")
    for length in range(head, len(text) - 1):
        whole_lines = min(text[:length].count("\n"), 4)
        # A line that lacks nothing but its end of line counts.
        whole_lines += text[length] == "\n" and text[length - 1] == "}"
        expected = Collection(files=collection.files[: max(0, whole_lines - 1)], complete=False)
        assert collected_jsonl.loads(text[:length], source="collected.jsonl") == expected
    assert {outcome_of("collected.jsonl", text[:length]) for length in range(head)} == {"refused"}


flips = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(list(FORMATS)), flips)
@example("attempts.jsonl", [(47, 32)])
def test_flipped_bytes_raise_nothing_but_format_errors(file: str, changes: list[tuple[int, int]]) -> None:
    data = bytearray(FORMATS[file].text.encode())
    for place, byte in changes:
        data[place % len(data)] = byte
    outcome_of(file, data.decode("utf-8", "replace"))


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(list(FORMATS)), st.text(max_size=80))
@example("attempts.jsonl", "\n\n\n")
@example("collected.jsonl", "\n\n\n")
def test_any_text_raises_nothing_but_format_errors(file: str, text: str) -> None:
    outcome_of(file, text)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), hostile_text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(hostile_text, inner, max_size=3)),
    max_leaves=8,
)


# -- a wrong value in every place ------------------------------------------------------------

Path = tuple[str | int, ...]


def places(value: object, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*path, key)
        yield from places(item, (*path, key))


def replaced(value: Any, path: Path, new: object) -> Any:
    if not path:
        return new
    key, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = replaced(value[key], tuple(rest), new)
    return copy


def documents(file: str) -> list[Any]:
    text = FORMATS[file].text
    return [json.loads(line) for line in text.splitlines()] if file in LINES else [json.loads(text)]


def text_of(values: list[Any]) -> str:
    return "".join(f"{json.dumps(value)}\n" for value in values)


PLACES = [(file, path) for file in FORMATS for path in places(documents(file)) if len(path) > 1]
ANYTHING = (
    None,
    True,
    7,
    -1,
    1.5,
    "",
    "x",
    [],
    [[]],
    ["x"],
    {},
    {"x": {}},
    10**400,
    float("inf"),
    float("nan"),
    -(10**400),
)


@pytest.mark.parametrize("file", FORMATS)
def test_a_wrong_value_anywhere_raises_nothing_but_format_errors(file: str) -> None:
    values = documents(file)
    surprises = []
    for path in places(values):
        for wrong in ANYTHING:
            text = text_of(replaced(values, path, wrong)).replace("Infinity", "1e400")
            try:
                outcome_of(file, text)
            except Exception as error:
                surprises.append((path, str(wrong)[:20], type(error).__name__))
    assert surprises == []


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(PLACES), json_values)
def test_any_value_anywhere_raises_nothing_but_format_errors(place: tuple[str, Path], wrong: object) -> None:
    file, path = place
    outcome_of(file, text_of(replaced(documents(file), path, wrong)))


# Absent is a value of its own here.
OPTIONAL = {
    "plan.json": ["certificate", "nodeids", "longest_s", "least_duration", "duration_based_chunks"],
    "manifest.json": ["exit_code", "rerun_exit_code"],
    "report.json": ["certificate", "exit_code", "least_duration", "duration_based_chunks"],
}
WRONG_BY_KIND: Mapping[type, tuple[Any, ...]] = {
    str: (None, 0, True, [], {}),
    bool: (None, 0, 1, "true", []),
    int: (None, "1", True, [], {}, 10**400),
    float: (None, "1.5", True, [], -0.5, float("inf"), 10**400),
    list: (0, False, "", "abc", {}, {"a": 1}),
    dict: (0, False, "", "abc", []),
}


def is_unread(path: Path) -> bool:
    """Return whether a field is derived from the others, for people and other tools."""
    return path[0] == "counts" or path[-1] == "ratio" or (path[0] == "tests" and path[2:] == ("outcome",))


def wrong_values(file: str) -> Iterator[tuple[Path, object]]:
    """Yield (place, a value of a wrong type) for every field of a document that is read."""
    (document,) = documents(file)
    for path in places(document):
        name = [key for key in path if isinstance(key, str)][-1]
        if is_unread(path) or (file == "report.json" and path == ("exit_code",)):
            continue
        value = document
        for key in path:
            value = value[key]
        for wrong in WRONG_BY_KIND.get(type(value), ()):
            is_optional = wrong is None and name in (*OPTIONAL.get(file, ()), "message", "text", "location")
            if not (is_optional or (wrong == 10**400 and name in HUGE_COUNTS)):
                yield path, wrong


# Counts have no upper limit: a huge one is read as it is.
HUGE_COUNTS = [
    "tests",
    "files",
    "useful_shards",
    "torn_files",
    "unknown_tests",
    "workers",
    "shards",
    "attempt",
    "exit_code",
    "rerun_exit_code",
    "index",
    "shard",
    "bad",
    "run_attempt",
    "rerun",
    "fresh",
    "session",
    "subtests_passed",
    "subtests_failed",
    "run_id",
]


@pytest.mark.parametrize("file", ["plan.json", "manifest.json", "report.json"])
def test_a_value_of_a_wrong_type_is_refused_in_every_field(file: str) -> None:
    (document,) = documents(file)
    accepted = []
    for path, wrong in wrong_values(file):
        changed = replaced(document, path, wrong)
        if file == "plan.json" and path[0] in ("workers", "shards"):
            changed["digest"] = digest_of(changed)
        outcome = safe_outcome_of(file, json.dumps(changed).replace("Infinity", "1e400"))
        if outcome != "refused":
            accepted.append((path, str(wrong)[:20], outcome))
    assert accepted == []


def safe_outcome_of(file: str, text: str) -> str:
    try:
        return outcome_of(file, text)
    except Exception as error:
        return type(error).__name__


def digest_of(document: Any) -> str:
    """Return the digest of a changed plan, so that the change itself is what is refused."""
    try:
        shards = [
            Shard(
                index=index,
                expected_ms=0,
                atoms=tuple(
                    Atom(file=a["file"], expected_ms=round(a["expected_s"] * 1000), nodeids=a["nodeids"])
                    for a in shard["atoms"]
                ),
            )
            for index, shard in enumerate(document["shards"], 1)
        ]
        return Plan(workers=document["workers"], shards=tuple(shards)).digest
    except (TypeError, KeyError, OverflowError, ValueError):
        return str(document["digest"])


LINE_WRONGS: dict[str, Mapping[str, Any]] = {
    "an outcome we don't know": {"outcome": "great"},
    "an outcome that is no text": {"outcome": 1},
    "an outcome that is a list": {"outcome": []},
    "an id that is no text": {"id": 7},
    "no id": {"id": None},
    "a worker that is no text": {"worker": 0},
    "a start that is text": {"start_s": "1"},
    "a start before the epoch": {"start_s": -1},
    "a huge start": {"start_s": 10**400},
    "an endless start": {"start_s": float("inf")},
    "no seconds": {"s": None},
    "two seconds": {"s": [1, 2]},
    "seconds as text": {"s": ["1", "2", "3"]},
    "seconds as one text": {"s": "123"},
    "seconds as an object": {"s": {"1": 1, "2": 2, "3": 3}},
    "seconds that are true": {"s": [True, True, True]},
    "negative seconds": {"s": [-1, 0, 0]},
    "huge seconds": {"s": [10**400, 0, 0]},
    "endless seconds": {"s": [float("inf"), 0, 0]},
    "a phase that is a list": {"phase": []},
    "a message that is a number": {"message": 1},
    "a text that is an object": {"text": {}},
    "a location that is a number": {"location": 1},
    "one subtest": {"subtests": [1]},
    "subtests as text": {"subtests": ["1", "2"]},
    "subtests as one text": {"subtests": "12"},
    "fractions of subtests": {"subtests": [1.5, 1]},
    "negative subtests": {"subtests": [-1, 0]},
    "endless subtests": {"subtests": [float("inf"), 0]},
}


@pytest.mark.parametrize("name", LINE_WRONGS)
def test_an_attempt_with_a_wrong_value_is_damage_and_ends_the_reading(name: str) -> None:
    begin, _, attempt, *rest = documents("attempts.jsonl")
    text = text_of([begin, {**attempt, **LINE_WRONGS[name]}, *rest]).replace("Infinity", "1e400")
    found, damage = attempts_jsonl.loads(text, source="attempts.jsonl")
    assert (found, damage.startswith("line 2: ")) == ((Session(begin=SESSIONS[0].begin),), True), damage


@pytest.mark.parametrize(
    "event",
    [
        {"t": "start", "worker": "gw0"},
        {"t": "start", "worker": "gw0", "id": None},
        {"t": "start", "id": "a.py::t"},
        {"t": "end", "exit_status": -1, "end_s": 0},
        {"t": "end", "exit_status": "0", "end_s": 0},
        {"t": "end", "exit_status": 0, "end_s": "0"},
        {"t": "end", "exit_status": 0, "end_s": 10**400},
        {"t": "end", "exit_status": True, "end_s": 0},
    ],
    ids=str,
)
def test_another_event_with_a_wrong_value_is_damage_too(event: Mapping[str, object]) -> None:
    text = text_of([documents("attempts.jsonl")[0], event])
    found, damage = attempts_jsonl.loads(text, source="attempts.jsonl")
    assert (found, damage.startswith("line 2: ")) == ((Session(begin=SESSIONS[0].begin),), True), damage


@pytest.mark.parametrize("t", [None, "start", "attempt", "end", "other", 1])
def test_a_first_line_that_opens_no_session_is_no_reading(t: object) -> None:
    """Its header is right, so the file is ours: damaged, or refused."""
    header = {"format": "xdist-ci/attempts", "version": 1, "t": t, "id": "a.py::t", "exit_status": 0, "end_s": 0}
    try:
        found, damage = attempts_jsonl.loads(text_of([header]), source="attempts.jsonl")
    except FormatError:
        return
    assert (found, bool(damage)) == ((), True)


def test_an_event_of_a_later_kind_is_passed_over() -> None:
    begin, *rest = documents("attempts.jsonl")
    text = text_of([begin, {"t": "later", "x": 1}, *rest])
    assert attempts_jsonl.loads(text, source="attempts.jsonl") == (SESSIONS, "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"file": None},
        {"file": 1},
        {"state": "unknown"},
        {"state": None},
        {"state": []},
        {"reason": 1},
        {"selected": "abc"},
        {"selected": [1]},
        {"selected": ""},
        {"selected": 0},
        {"selected": {}},
        {"deselected": False},
        {"left": {"a": 1}},
    ],
    ids=str,
)
def test_a_collected_file_with_a_wrong_value_ends_the_reading(wrong: Mapping[str, object]) -> None:
    head, first, second, *rest = documents("collected.jsonl")
    text = text_of([head, first, {**second, **wrong}, *rest])
    first_file = FORMATS["collected.jsonl"].sample.files[0]
    assert collected_jsonl.loads(text, source="collected.jsonl") == Collection(files=(first_file,), complete=False)


@pytest.mark.parametrize("end", [2, 4, -1, "3", None, True, [3], 10**400])
def test_a_collection_that_counts_otherwise_is_incomplete(end: object) -> None:
    *rows, _ = documents("collected.jsonl")
    files = FORMATS["collected.jsonl"].sample.files
    text = text_of([*rows, {"end": end}])
    assert collected_jsonl.loads(text, source="collected.jsonl") == Collection(files=files, complete=False)


def test_true_is_no_count_of_files() -> None:
    head, first, *_ = documents("collected.jsonl")
    assert collected_jsonl.loads(text_of([head, first, {"end": True}]), source="collected.jsonl").complete is False


@pytest.mark.parametrize("file", LINES)
def test_an_empty_line_in_front_does_not_open_the_door_to_other_kinds(file: str) -> None:
    text = '\n{"format": "other/kind", "version": 1}\n{"end": 0}\n'
    with pytest.raises(FormatError):
        FORMATS[file].loads(text, source=file)


def test_a_collection_without_a_header_is_never_complete() -> None:
    try:
        found = collected_jsonl.loads('\n{"end": 0}\n', source="collected.jsonl")
    except FormatError:
        return
    assert found.complete is False


# -- headers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("file", HEADED)
@pytest.mark.parametrize("kind", [None, "", "xdist-ci/other", 1, [], {"a": 1}])
def test_another_kind_is_refused(file: str, kind: object) -> None:
    values = documents(file)
    with pytest.raises(FormatError):
        FORMATS[file].loads(text_of([{**values[0], "format": kind}, *values[1:]]), source=file)


@pytest.mark.parametrize("file", HEADED)
@pytest.mark.parametrize("version", [None, 0, 99, "1", True, [1], 1e400, -1])
def test_another_version_is_refused(file: str, version: object) -> None:
    values = documents(file)
    text = text_of([{**values[0], "version": version}, *values[1:]]).replace("Infinity", "1e400")
    with pytest.raises(FormatError):
        FORMATS[file].loads(text, source=file)


@pytest.mark.parametrize("file", HEADED)
@pytest.mark.parametrize("other", HEADED)
def test_our_other_files_are_refused(file: str, other: str) -> None:
    if other != file:
        with pytest.raises(FormatError):
            FORMATS[file].loads(text_of(documents(other)), source=file)


# -- deep and huge ---------------------------------------------------------------------------

AROUND: dict[str, Callable[[str], str]] = {
    "alone": lambda deep: deep,
    "as the format": lambda deep: f'{{"format": {deep}, "version": 1}}',
    "as the version": lambda deep: f'{{"format": "FORMAT", "version": {deep}}}',
    "as fields": lambda deep: (
        f'{{"format": "FORMAT", "version": 1, "shards": {deep}, "shard": {deep}, "t": {deep}, "reasons": {deep}}}'
    ),
    "in a second line": lambda deep: f'FIRST\n{{"t": {deep}, "file": {deep}}}',
    "in a second line's fields": lambda deep: (
        f'FIRST\n{{"t": "attempt", "id": {deep}, "outcome": "passed", "s": {deep}, "file": "a", "state": {deep}}}'
    ),
    "as a value": lambda deep: f'{{"a.py::t": {deep}}}',
    "as a pair": lambda deep: f'[["a.py::t", {deep}], {deep}]',
}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
@pytest.mark.parametrize("file", FORMATS)
def test_deep_nesting_raises_nothing_but_format_errors(file: str, brackets: tuple[str, str], around: str) -> None:
    """Around the depth where the parser gives up, what it still reads must not break our messages."""
    opening, closing = brackets
    for depth in (10, 500, *range(700, 1000, 7), 5_000, 100_000):
        deep = opening * depth + "1" + closing * depth
        first, _, _ = FORMATS[file].text.partition("\n")
        outcome_of(file, AROUND[around](deep).replace("FORMAT", FORMATS[file].kind).replace("FIRST", first))


@pytest.mark.parametrize("file", FORMATS)
@pytest.mark.parametrize("number", ["NaN", "-Infinity", "Infinity", "1e400", "1" * 400, "1" * 5000, "-" + "9" * 5000])
def test_numbers_beyond_measure_raise_nothing_but_format_errors(file: str, number: str) -> None:
    values = documents(file)
    for path in places(values):
        text = text_of(replaced(values, path, "HERE")).replace('"HERE"', number)
        outcome_of(file, text)


# -- the whole messages ----------------------------------------------------------------------

SAME = "use the same version of xdist-ci in every job"
CUT = "the file may be cut off"
MESSAGES: dict[str, tuple[str, str, str, str]] = {
    "nothing": ("plan.json", "", "plan.json: not JSON: Expecting value: line 1 column 1 (char 0)", CUT),
    "another kind": ("plan.json", '{"format": "x"}', "plan.json: found 'x', wanted 'xdist-ci/plan'", ""),
    "no object": ("manifest.json", "[1]", "manifest.json: found nothing, wanted 'xdist-ci/manifest'", ""),
    "a newer version": (
        "report.json",
        '{"format": "xdist-ci/report", "version": 1}',
        "report.json: xdist-ci/report version 1, this ci-tools reads 2",
        SAME,
    ),
    "cut off": (
        "plan.json",
        '{"format": "xdist-ci/plan", "ver',
        "plan.json: not JSON: Unterminated string starting at: line 1 column 29 (char 28)",
        CUT,
    ),
    "not a number": ("plan.json", '{"a": NaN}', "plan.json: not JSON: NaN is no number", CUT),
    "nested too deeply": ("plan.json", "[" * 100_000, "plan.json: nested too deeply", ""),
    "a wrong type": (
        "manifest.json",
        FORMATS["manifest.json"].text.replace('"attempt": 1', '"attempt": "1"'),
        "manifest.json: 'attempt' is '1', wanted an integer ≥ 1",
        SAME,
    ),
    "a wrong flag": (
        "manifest.json",
        FORMATS["manifest.json"].text.replace('"sealed": true', '"sealed": 1'),
        "manifest.json: 'sealed' is 1, wanted true or false",
        SAME,
    ),
    "endless seconds": (
        "manifest.json",
        FORMATS["manifest.json"].text.replace('"end_s": 1700000012.5', '"end_s": 1e400'),
        "manifest.json: 'end_s' is inf, wanted finite seconds ≥ 0",
        SAME,
    ),
    "a shard that isn't there": (
        "manifest.json",
        FORMATS["manifest.json"].text.replace('"shard": 2', '"shard": 4'),
        "manifest.json: 'shard' is 4 of 3",
        SAME,
    ),
    "a changed plan": (
        "plan.json",
        FORMATS["plan.json"].text.replace('"workers":2', '"workers":3'),
        f"plan.json: its content doesn't match its digest '{FORMATS['plan.json'].sample.digest[:12]}'",
        "the file was changed after `ci-tools plan` wrote it: make the plan anew",
    ),
    "no shards": (
        "plan.json",
        '{"format": "xdist-ci/plan", "version": 1, "shards": []}',
        "plan.json: shards aren't numbered 1, 2, 3, …",
        SAME,
    ),
    "a wrong place, named": (
        "plan.json",
        '{"format": "xdist-ci/plan", "version": 1, "shards": [{"index": 1, "expected_s": 0, "atoms": [{"file": 7}]}]}',
        "plan.json: shards[0].atoms[0]: 'file' is 7, wanted text",
        SAME,
    ),
    "a word we don't know": (
        "report.json",
        FORMATS["report.json"].text.replace('"conclusion": "incomplete"', '"conclusion": "great"'),
        "report.json: 'conclusion' is 'great', which this ci-tools doesn't know",
        SAME,
    ),
    "a test without attempts": (
        "report.json",
        FORMATS["report.json"].text.split('"tests": [')[0]
        + '"tests": [{"id": "a", "outcome": "passed", "shard": 1, "attempts": []}]}',
        "report.json: tests[0]: has no attempt",
        SAME,
    ),
    "attempts of another kind": (
        "attempts.jsonl",
        '{"t": "start", "id": "a"}\n',
        "attempts.jsonl: found nothing, wanted 'xdist-ci/attempts'",
        "",
    ),
    "a newer session": (
        "attempts.jsonl",
        FORMATS["attempts.jsonl"].text + '{"format": "xdist-ci/attempts", "version": 2, "t": "begin"}\n',
        "attempts.jsonl: xdist-ci/attempts version 2, this ci-tools reads 1",
        SAME,
    ),
    "a collection of another kind": (
        "collected.jsonl",
        "{}\n",
        "collected.jsonl: found nothing, wanted 'xdist-ci/collected'",
        "",
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_the_message_names_file_found_and_wanted(name: str) -> None:
    file, text, fact, hint = MESSAGES[name]
    with pytest.raises(FormatError) as refusal:
        FORMATS[file].loads(text, source=file)
    assert (refusal.value.fact, refusal.value.hint) == (fact, hint)


def test_a_long_value_is_cut_in_the_message() -> None:
    text = FORMATS["manifest.json"].text.replace('"attempt": 1', f'"attempt": "{"x" * 1000}"')
    with pytest.raises(FormatError) as refusal:
        manifest_json.loads(text, source="manifest.json")
    assert refusal.value.fact == f"manifest.json: 'attempt' is '{'x' * 56}..., wanted an integer ≥ 1"


SPLIT_HINT = "wanted pytest-split's format; leave --durations out to plan by the number of tests"
ANEW = "remove these entries, or record the file anew"
DURATIONS_MESSAGES: dict[str, tuple[str, str, str]] = {
    "cut off": (
        '{"a": 1',
        "d: not JSON: Expecting ',' delimiter: line 1 column 8 (char 7)",
        SPLIT_HINT,
    ),
    "a number": ("7", "d: found 7, wanted an object of node ids and seconds", SPLIT_HINT),
    "nothing in it": ("null", "d: found nothing, wanted an object of node ids and seconds", SPLIT_HINT),
    "a list of something else": ('[["a", 1], ["b"]]', "d: entry 1 is ['b'], wanted [node id, seconds]", SPLIT_HINT),
    "not a number": ('{"a": 1, "b": NaN}', "d: 1 of 2 values are not finite seconds ≥ 0, first: 'b' is nan", ANEW),
    "negative": ('{"a": -1, "b": -2}', "d: 2 of 2 values are not finite seconds ≥ 0, first: 'a' is -1", ANEW),
    "text": ('{"a": "1"}', "d: 1 of 1 values are not finite seconds ≥ 0, first: 'a' is '1'", ANEW),
    "true": ('{"a": true}', "d: 1 of 1 values are not finite seconds ≥ 0, first: 'a' is True", ANEW),
    "no value": ('{"a": null}', "d: 1 of 1 values are not finite seconds ≥ 0, first: 'a' is nothing", ANEW),
    "infinite": ('{"a": 1e400}', "d: 1 of 1 values are not finite seconds ≥ 0, first: 'a' is inf", ANEW),
    "nested too deeply": ("[" * 100_000, "d: nested too deeply", SPLIT_HINT),
}


@pytest.mark.parametrize("name", DURATIONS_MESSAGES)
def test_durations_that_are_none_are_refused_with_the_first_example(name: str) -> None:
    text, fact, hint = DURATIONS_MESSAGES[name]
    with pytest.raises(FormatError) as refusal:
        durations_json.loads(text, source="d")
    assert (refusal.value.fact, refusal.value.hint) == (fact, hint)


@pytest.mark.parametrize("number", ["1e300", "1e308", "1" + "0" * 400], ids=["1e300", "1e308", "10**400"])
def test_durations_that_read_can_be_planned(number: str) -> None:
    """Whatever passes the reader must not break the planner: it counts in whole milliseconds."""
    from ci_tools.plan.make import make_plan
    from ci_tools.plan.predict import predict, sources_of

    try:
        durations_s = durations_json.loads(f'{{"a.py::t": {number}, "a.py::u": 1, "b.py::v": {number}}}', source="d")
    except FormatError:
        return
    plan = make_plan(predict(sources_of(durations_s), durations_s), shards=2, workers=2)
    assert plan_json.loads(plan_json.dumps(plan), source="plan.json") == plan


def test_of_a_test_that_a_list_names_twice_the_last_value_holds() -> None:
    assert durations_json.loads('[["a", 1], ["b", 2], ["a", 3]]', source="d") == {"a": 3, "b": 2}


def test_a_format_error_is_for_people_and_exits_with_three() -> None:
    error = FormatError("a.json: found 1, wanted 2", hint="do this")
    assert (isinstance(error, CiToolsError), str(error), error.exit_code) == (True, "a.json: found 1, wanted 2", 3)
