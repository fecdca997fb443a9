"""A ledger that many processes write, and a budget that they can't spend past together."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

from ci_tools.formats import spending_jsonl
from ci_tools.model.errors import CiToolsError
from ci_tools.model.spending import Amounts, Balance, Book, BudgetExceededError, Entry, What, spending_of
from ci_tools.store.ledger import LOCK, Ledger, read_books

from .children import child, said_by, said_by_all

OPEN = """
from decimal import Decimal
from ci_tools.model.spending import BudgetExceededError, Entry, What
from ci_tools.store.ledger import Ledger
def entry(what, usd, of=0):
    return Entry(what=What(what), nodeid="a.py::test", usd=Decimal(usd), of=of)
def ledger(budget):
    return Ledger(path, run="0123abcd", worker="gw0", budget_usd=budget and Decimal(budget))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spending"


def ledger(path: Path, budget: str | None = None, worker: str = "gw0") -> Ledger:
    return Ledger(path, run="0123abcd", worker=worker, budget_usd=Decimal(budget) if budget else None)


def entry(what: str, usd: str | None, of: int = 0) -> Entry:
    return Entry(what=What(what), nodeid="a.py::test", usd=None if usd is None else Decimal(usd), of=of)


def total(path: Path) -> Amounts:
    return spending_of({(0, 0): read_books(path)}).total


def written(books: Sequence[Book]) -> list[list[tuple[int, str]]]:
    return [[(entry.seq, entry.what.value) for entry in book.entries] for book in books]


# -- two processes and one budget ------------------------------------------------------------

NAIVE = """
spent = sum(map(int, path.read_text().split()))
say("ready"); wait()
if spent + 6000 <= 10000:
    with path.open("a") as file: file.write("6000 ")
"""
RESERVES = """
mine = ledger("10000")
say("ready"); wait()
try:
    mine.record(entry("reserve", "6000"))
    say("admitted")
except BudgetExceededError as error:
    say(error.fact)
"""


def test_two_processes_that_look_and_then_spend_overspend(tmp_path: Path) -> None:
    path = tmp_path / "spent"
    path.touch()
    said_by_all(2, NAIVE, path)
    assert path.read_text() == "6000 6000 "


def test_of_two_processes_that_want_6000_of_10000_exactly_one_gets_it(path: Path) -> None:
    assert sorted(said_by_all(2, OPEN + RESERVES, path)) == [
        "admitted",
        "asked for $6,000.00 of a budget of $10,000.00: $0.00 are spent now and $6,000.00 reserved",
    ]


def test_what_is_settled_for_less_is_there_for_others(path: Path) -> None:
    one, other = ledger(path, "10", "gw0"), ledger(path, "10", "gw1")
    held = one.record(entry("reserve", "6"))
    with pytest.raises(BudgetExceededError):
        other.record(entry("reserve", "6"))
    one.record(entry("settle", "4", held))
    other.record(entry("reserve", "6"))
    with pytest.raises(BudgetExceededError):
        one.record(entry("reserve", "0.000000000001"))


def test_the_reservation_of_a_process_that_was_killed_stays_charged(path: Path) -> None:
    program = "mine = ledger('10'); mine.record(entry('reserve', '7')); say('held'); wait()"
    with child(OPEN + program, path) as other:
        assert other.says() == "held"
        other.process.kill()
        other.process.wait()
    mine = ledger(path, "10")
    with pytest.raises(BudgetExceededError):
        mine.record(entry("reserve", "3.01"))
    mine.record(entry("reserve", "3"))
    mine.record(entry("settle", "3", 1))
    assert total(path) == Amounts(records=2, usd=Decimal(10), dead_usd=Decimal(7))


def test_what_was_spent_is_recorded_and_then_refused(path: Path) -> None:
    mine = ledger(path, "1")
    mine.record(entry("add", "0.75"))
    with pytest.raises(BudgetExceededError) as past:
        mine.record(entry("add", "0.5"))
    assert str(past.value) == (
        "spent $0.50 of a budget of $1.00: $1.25 are spent now and $0.00 reserved "
        "(let tests spend less, or raise budget_usd in [tool.ci-tools.cost]; its shards share it)"
    )
    assert total(path).usd == Decimal("1.25")


def test_a_settlement_of_more_than_was_reserved_is_recorded_and_refused_only_past_the_budget(path: Path) -> None:
    mine = ledger(path, "10")
    mine.record(entry("settle", "7", mine.record(entry("reserve", "6"))))
    held = mine.record(entry("reserve", "3"))
    with pytest.raises(BudgetExceededError):
        mine.record(entry("settle", "4", held))
    assert total(path) == Amounts(records=2, usd=Decimal(11), over_usd=Decimal(2))


def test_who_ends_a_reservation_within_it_is_not_refused_for_what_others_spent(path: Path) -> None:
    mine, other = ledger(path, "10", "gw0"), ledger(path, "10", "gw1")
    held = mine.record(entry("reserve", "6"))
    with pytest.raises(BudgetExceededError):
        other.record(entry("add", "20"))
    mine.record(entry("leave", "6", held))
    mine.record(entry("add", None))
    assert total(path) == Amounts(records=3, unpriced=1, usd=Decimal(26), unsettled_usd=Decimal(6))


def test_what_was_interrupted_half_way_is_counted_all_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest-timeout raises wherever the test is; also between two lines of what others have spent."""
    mine, other = ledger(path, "10", "gw0"), ledger(path, "10", "gw1")
    other.record(entry("add", "3"))
    other.record(entry("add", "4"))
    whole, taken = Balance.take, []

    def interrupted(balance: Balance, book: str, one: Entry) -> None:
        whole(balance, book, one)
        taken.append(one)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Balance, "take", interrupted)
        mine.record(entry("reserve", "1"))
    with pytest.raises(BudgetExceededError) as refused:
        mine.record(entry("reserve", "3.01"))
    assert (len(taken), refused.value.fact.partition(": ")[2]) == (1, "$7.00 are spent now and $0.00 reserved")


def test_without_a_budget_everything_is_admitted_and_nothing_locked(path: Path) -> None:
    mine = ledger(path)
    for _ in range(20):
        mine.record(entry("reserve", "999999"))
    assert (total(path).dead_usd, (path / LOCK).exists()) == (Decimal(999999) * 20, False)


def test_the_precision_that_a_test_sets_changes_no_sum(path: Path) -> None:
    mine = ledger(path, "100000.000000000002")
    with localcontext() as context:
        context.prec = 3
        mine.record(entry("add", "100000"))
        mine.record(entry("add", "0.000000000001"))
        mine.record(entry("reserve", "0.000000000001"))
        with pytest.raises(BudgetExceededError):
            mine.record(entry("reserve", "0.000000000001"))
        sums = total(path)
    assert sums.usd == Decimal("100000.000000000002")


# -- files -----------------------------------------------------------------------------------


def test_each_process_has_a_file_of_its_own(path: Path) -> None:
    program = "mine = ledger(None)\nsay('ready'); wait()\nfor _ in range(100): mine.record(entry('add', '0.01'))"
    said_by_all(3, OPEN + program, path)
    assert written(read_books(path)) == [[(seq, "add") for seq in range(1, 101)]] * 3
    assert total(path) == Amounts(records=300, usd=Decimal(3))


def test_a_forked_child_has_one_too_and_ends_no_reservation_of_its_own_with_its_parents(path: Path) -> None:
    program = """
mine = ledger("1")
held = mine.record(entry("reserve", "0.1"))
if not os.fork():
    mine.record(entry("reserve", "0.3"))
    mine.record(entry("settle", "0.1", held))
    os._exit(0)
os.wait()
mine.record(entry("add", "0.1"))
try: mine.record(entry("reserve", "0.41"))
except BudgetExceededError: say("refused")
"""
    assert said_by(OPEN + program, path) == "refused"
    assert sorted(written(read_books(path))) == [[(1, "reserve"), (2, "add")], [(2, "reserve"), (3, "settle")]]
    assert total(path).usd == Decimal("0.6")


def test_an_odd_id_and_an_odd_clock_are_held_to_the_budget_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ci_tools.store.ledger.time", lambda: -1.0)
    mine = ledger(path, "1")
    long = replace(entry("add", "0.75"), nodeid="a.py::test[" + "x" * 20_000)
    mine.record(long)
    with pytest.raises(BudgetExceededError):
        mine.record(long)
    (book,) = read_books(path)
    assert [(len(one.nodeid), one.at_s) for one in book.entries] == [(10_000, 0.0)] * 2


def test_threads_lose_nothing(path: Path) -> None:
    mine = ledger(path, "1000")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: mine.record(entry("add", "0.01")), range(100)))
    assert sorted(written(read_books(path))[0]) == [(seq, "add") for seq in range(1, 101)]


def test_what_cannot_be_written_is_not_admitted_and_tears_nothing_else(path: Path) -> None:
    program = """
import resource
mine = ledger("100")
mine.record(entry("add", "1"))
resource.setrlimit(resource.RLIMIT_FSIZE, (300, 10**6))
for _ in range(4):
    try: mine.record(entry("reserve", "1"))
    except BudgetExceededError: say("refused")
    except CiToolsError as error: say(error.fact.partition(":")[2].strip())
    else: say("admitted")
    if _ == 2: resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6))
"""
    assert said_by(OPEN + program, path) == "admitted" + 3 * "\nFile too large"
    assert total(path) == Amounts(records=2, usd=Decimal(2), dead_usd=Decimal(1))


def test_a_file_cut_at_any_byte_reads_as_what_is_whole_of_it(path: Path) -> None:
    mine = ledger(path)
    for what, of in (("add", 0), ("reserve", 0), ("settle", 2)):
        mine.record(entry(what, "0.5", of))
    (file,) = path.iterdir()
    data = file.read_bytes()
    (whole,) = read_books(path)
    begin = data.index(b"\n") + 1
    for end in range(begin, len(data) + 1):
        file.write_bytes(data[:end])
        n_whole = data[begin:end].count(b"\n")
        assert read_books(path) == (Book(**{**fields(whole), "entries": whole.entries[:n_whole]}),)


def fields(book: Book) -> dict[str, str]:
    return {"run": book.run, "worker": book.worker, "process": book.process}


def test_a_line_counts_when_it_is_whole(path: Path) -> None:
    other, mine = ledger(path, "10", "gw0"), ledger(path, "10", "gw1")
    other.record(entry("add", "4"))
    (file,) = path.glob("*-gw0-*")
    data = file.read_bytes()
    file.write_bytes(data[:-9])
    mine.record(entry("reserve", "9"))
    with file.open("ab") as more:
        more.write(data[-9:])
    with pytest.raises(BudgetExceededError) as refused:
        mine.record(entry("reserve", "1"))
    assert refused.value.fact.endswith("$4.00 are spent now and $9.00 reserved")


def test_nothing_is_read_but_the_files_of_a_ledger(path: Path, tmp_path: Path) -> None:
    ledger(path).record(entry("add", "1"))
    (own,) = path.iterdir()
    elsewhere = tmp_path / "elsewhere.jsonl"
    elsewhere.write_bytes(own.read_bytes())
    (path / "link.jsonl").symlink_to(elsewhere)
    os.mkfifo(path / "pipe.jsonl")
    (path / "directory.jsonl").mkdir()
    (path / "report.json").write_text("{}")
    (path / "empty.jsonl").touch()
    (path / "torn.jsonl").write_text('{"format":"xdist-ci/spen')
    assert [book.process for book in read_books(path)] == [own.stem.split("-")[2]]
    (tmp_path / "linked").symlink_to(path)
    assert (read_books(tmp_path / "linked"), read_books(tmp_path / "none")) == ((), ())


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\n",
        b"[]\n",
        b'{"format":"xdist-ci/spending","version":2}\n',
        b"[" * 100_000 + b"\n",
        b"0" * 5000 + b"\n",
    ],
    ids=["bytes", "list", "version", "deep", "number"],
)
def test_what_is_no_ledger_counts_as_damaged(path: Path, data: bytes) -> None:
    ledger(path).record(entry("add", "1"))
    (path / "zz.jsonl").write_bytes(data)
    spending = spending_of({(1, 1): read_books(path)})
    assert (spending.total.usd, spending.damaged) == (Decimal(1), 1)


def test_a_damaged_line_is_left_out_alone(path: Path) -> None:
    mine = ledger(path, "10")
    mine.record(entry("add", "1"))
    (file,) = (name for name in path.iterdir() if name.suffix == ".jsonl")
    good = file.read_text().splitlines()[1]
    bad = [
        good.replace('"1"', text) for text in ("1", '"-1"', '"1e9"', '"NaN"', '"1000000"', '"0.0000000000001"', "[]")
    ]
    bad += [good.replace('"seq":1', f'"seq":{seq}') for seq in ("0", "-1", "true", "1.5", "1" + "0" * 400, '"1"')]
    bad += [good.replace('"add"', '"steal"'), good.replace('"usd":"1"', '"usd":"1","kind":7'), "{", "7", "null"]
    bad += [good.replace('"usd":"1"', f'"usd":"1","model":"{"x" * 101}"'), '{"t":"reserve","seq":9,"at_s":0,"id":""}']
    with file.open("a") as more:
        more.writelines(f"{line}\n" for line in bad)
    mine.record(entry("add", "2"))
    spending = spending_of({(1, 1): read_books(path)})
    assert (spending.total, spending.damaged) == (Amounts(records=2, usd=Decimal(3)), len(bad))


def test_the_ledger_of_a_directory_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CiToolsError) as refused:
        ledger(tmp_path / "file" / "spending")
    assert "can't be made" in refused.value.fact


def test_every_line_is_one_that_the_format_writes(path: Path) -> None:
    mine = ledger(path)
    for number, what in zip(itertools.count(1), ("add", "reserve", "settle", "leave")):
        mine.record(entry(what, f"0.{number}", number - 1))
    (book,) = read_books(path)
    (file,) = path.iterdir()
    assert file.read_text() == spending_jsonl.dumps(book)
