"""The laws of what tests spent: exact sums, whatever order it arrives in, and twice is once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import hostile_text

from ci_tools.formats import spending_jsonl
from ci_tools.model import spending as spending_module
from ci_tools.model.errors import UsageError
from ci_tools.model.money import amount_of, exact_dollars, sum_of_text, usd_sum, usd_text
from ci_tools.model.spending import Amounts, Book, Entry, Spending, Spent, What, spending_of

law = settings(deadline=None, max_examples=40)

picos = st.integers(0, 10**18 - 1)
usd = picos.map(lambda pico: Decimal(pico).scaleb(-12, Context(prec=40)))
names = hostile_text.filter(lambda text: len(text) <= 100)
entries = st.builds(
    Entry,
    what=st.sampled_from(What),
    nodeid=hostile_text,
    usd=usd,
    kind=names,
    model=names,
    tokens=st.sampled_from([0, 1_200, 2 * 10**15]),  # input and output, each up to 10¹⁵
    is_listed=st.booleans(),
    of=st.integers(0, 6),
    at_s=st.integers(0, 10**13).map(lambda ms: ms / 1000),
)
unpriced = entries.map(lambda entry: replace(entry, what=What.ADD, usd=None))
books = st.builds(
    lambda worker, process, drawn: Book(
        run="0123abcd",
        worker=worker,
        process=process,
        entries=tuple(replace(entry, seq=seq) for seq, entry in enumerate(drawn, 1)),
    ),
    st.sampled_from(["main", "gw0", "gw11"]),
    st.sampled_from(["00000000", "ffffffff"]),
    st.lists(st.one_of(entries, unpriced), max_size=6),
)
jobs = st.dictionaries(st.tuples(st.integers(1, 3), st.integers(1, 2)), st.lists(books, max_size=3), max_size=3)


@law
@given(books)
def test_what_a_process_wrote_reads_back_equal(book: Book) -> None:
    text = spending_jsonl.dumps(book, shard=2)
    assert (spending_jsonl.loads(text, source="x.jsonl"), text.isascii()) == (book, True)


@law
@given(jobs, st.randoms())
def test_order_and_repetition_change_nothing(jobs: dict[tuple[int, int], list[Book]], random: object) -> None:
    shuffled = {}
    for job in reversed(jobs):
        cut = [replace(book, entries=book.entries[: len(book.entries) // 2]) for book in jobs[job]]
        shuffled[job] = [*jobs[job], *cut, *reversed(jobs[job])]
        random.shuffle(shuffled[job])  # type: ignore[attr-defined]
    assert spending_of(shuffled) == spending_of(jobs)


@law
@given(jobs)
def test_every_grouping_has_the_same_exact_sum(jobs: dict[tuple[int, int], list[Book]]) -> None:
    spending = spending_of(jobs)
    total = sum((Fraction(row.amounts.usd) for row in spending.rows), Fraction(0))
    assert Fraction(spending.total.usd) == total
    for by in (spending.by(lambda row: row.kind), spending.by(lambda row: (row.nodeid, row.shard))):
        assert Amounts.sum(amounts for _, amounts in by) == spending.total
        assert [amounts.usd for _, amounts in by] == sorted((amounts.usd for _, amounts in by), reverse=True)


@law
@given(jobs)
def test_what_is_charged_is_what_was_written(jobs: dict[tuple[int, int], list[Book]]) -> None:
    """Each entry but a reservation counts with its amount; a reservation that nothing ended with its maximum."""
    for job, own in jobs.items():
        unique = {(book.worker, book.process): book for book in own}
        if len(unique) != len(own):
            continue
        charged = Fraction(0)
        for book in own:
            ended = {entry.of for entry in book.entries if entry.what is not What.RESERVE}
            charged += sum(
                Fraction(entry.usd or 0)
                for entry in book.entries
                if entry.what is not What.RESERVE or entry.seq not in ended
            )
        assert Fraction(spending_of({job: own}).total.usd) == charged


@law
@given(st.lists(usd))
def test_sums_are_exact(amounts: list[Decimal]) -> None:
    assert Fraction(usd_sum(amounts)) == sum(map(Fraction, amounts), Fraction(0))


@law
@given(usd)
def test_an_amount_is_the_same_as_text_and_number(amount: Decimal) -> None:
    text = usd_text(amount)
    assert (amount_of(text), amount_of(amount), sum_of_text(text)) == (amount, amount, amount)
    assert Decimal(exact_dollars(amount).replace("$", "").replace(",", "")) == amount


@law
@given(st.floats(0, 1e5))
def test_a_float_is_what_it_prints_as(number: float) -> None:
    assert abs(Fraction(amount_of(number)) - Fraction(Decimal(repr(number)))) <= Fraction(1, 2 * 10**12)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("0.0123", "0.0123"),
        (3, "3"),
        (0.1, "0.1"),
        (1e-12, "0.000000000001"),
        (1e-13, "0"),
        (0.1 + 0.2, "0.3"),
        (type("float64", (float,), {"__repr__": lambda self: f"np.float64({float(self)})"})(0.01), "0.01"),
        (Decimal("1E+2"), "100"),
        (Decimal("0.50"), "0.5"),
        ("999999.999999999999", "999999.999999999999"),
    ],
)
def test_these_are_amounts(said: str | float | Decimal, meant: str) -> None:
    assert usd_text(amount_of(said)) == meant


@pytest.mark.parametrize(
    "said",
    [
        *("-1", "", "1e3", "NaN", " 1", "1.", ".5", "1_0", "1000000", "0.0000000000001", "١", "$1"),
        *(-0.01, -1, 10**6, 10**400, float("nan"), float("inf"), 1e300, True, None, b"1", []),
        *map(Decimal, ("-1", "NaN", "1E-13", "1E+400")),
    ],
    ids=repr,
)
def test_these_are_none(said: object) -> None:
    with pytest.raises(UsageError) as refused:
        amount_of(said)  # type: ignore[arg-type]
    assert refused.value.fact.endswith("is no amount of dollars")


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "$0.00"), ("0.0123", "$0.0123"), ("1200", "$1,200.00"), ("-0.5", "-$0.50"), ("1E+1", "$10.00")],
)
def test_an_amount_is_said_with_all_its_digits(amount: str, text: str) -> None:
    assert exact_dollars(Decimal(amount)) == text


def test_of_too_many_rows_the_dearest_stay_and_the_sum_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spending_module, "MAX_ROWS", 2)
    spent = tuple(
        Entry(what=What.ADD, nodeid=f"a.py::test_{number}", usd=Decimal(number), kind="llm", seq=number)
        for number in range(1, 5)
    )
    book = Book(run="0123abcd", worker="gw0", process="00000000", entries=spent)

    def row(nodeid: str, records: int, usd: int) -> Spent:
        named = {"kind": "llm", "worker": "gw0"} if nodeid else {"kind": "", "worker": ""}
        amounts = Amounts(records=records, usd=Decimal(usd))
        return Spent(shard=1, attempt=1, nodeid=nodeid, model="", amounts=amounts, **named)

    fewer = Spending(rows=(row("", 2, 3), row("a.py::test_3", 1, 3), row("a.py::test_4", 1, 4)))
    assert spending_of({(1, 1): [book]}) == fewer
    monkeypatch.setattr(spending_module, "MAX_ROWS", 9)
    monkeypatch.setattr(spending_module, "MAX_ROWS_CHARS", 2 * len("a.py::test_1llmgw0"))
    assert spending_of({(1, 1): [book]}) == fewer
