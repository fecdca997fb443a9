"""What people read about what their tests spent, and that no name a test gave does anything there."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Context, Decimal, Inexact, localcontext

from hypothesis import given, settings
from hypothesis import strategies as st
from rendered import TRIGGERS, hostile, rendered
from samples import COST, REPORT

from ci_tools.model.cost import Price, RunCost, Runner
from ci_tools.model.spending import Amounts, Spending, Spent, spending_line
from ci_tools.report.cost import cost_lines
from ci_tools.report.html import html_page
from ci_tools.report.markdown import RunFacts, summary
from ci_tools.report.spending import spending_lines, spending_markdown, spending_tables


def spent(nodeid: str, usd: str, *, records: int = 1, **fields: object) -> Spent:
    amounts = {key: value for key, value in fields.items() if key in Amounts.__slots__}
    place = {"shard": 1, "attempt": 1, "kind": "llm", "model": "m", "worker": "gw0"} | {
        key: value for key, value in fields.items() if key not in amounts
    }
    return Spent(nodeid=nodeid, amounts=Amounts(records=records, usd=Decimal(usd), **amounts), **place)  # type: ignore[arg-type]


SPENDING = Spending(
    rows=(
        spent("tests/test_chat.py::test_answers", "0.031", records=2, tokens=1_200, listed_usd=Decimal("0.011")),
        spent("tests/test_chat.py::test_answers", "0.05", worker="gw1", dead_usd=Decimal("0.05")),
        spent("tests/test_maps.py::test_route", "0.004", shard=2, kind="api", model="", unpriced=1, records=3),
        spent(
            "tests/test_maps.py::test_route", "0.01", shard=2, attempt=2, kind="", model="", over_usd=Decimal("0.002")
        ),
    ),
    budget_usd=Decimal("5"),
)


def test_the_line_is_the_sum_and_the_budget() -> None:
    assert spending_line(SPENDING) == (
        "tests spent $0.095 in 7 records, 1 unpriced, $0.05 of it reserved by workers that died; "
        "budget $5.00, $4.905 left"
    )
    assert spending_line(replace(SPENDING, budget_usd=None, damaged=2, rows=SPENDING.rows[:1])) == (
        "tests spent $0.031 in 2 records, 2 lines unreadable"
    )
    with localcontext(Context(prec=1, traps=[Inexact])):  # as a test may leave it
        assert spending_line(replace(SPENDING, budget_usd=Decimal("0.081"))).endswith("$0.081, exceeded by $0.014")
    assert spending_line(Spending(budget_usd=Decimal(5))) == ""
    assert spending_line(Spending(damaged=3)) == "tests spent $0.00 in 0 records, 3 lines unreadable"


def test_what_is_behind_the_sum_is_said_below_it() -> None:
    assert spending_lines(SPENDING)[1:] == [
        "$0.011 of it by the price list of genai-prices (estimate)",
        "$0.002 of it is more than was reserved for it",
        "spent in 2 attempts of the run, each with the budget of its shards",
    ]
    left = Spending(rows=(spent("a.py::test", "1", unsettled_usd=Decimal(1)),))
    assert spending_lines(left) == [
        "tests spent $1.00 in 1 record",
        "$1.00 of it are maxima of reservations that were not settled",
    ]
    assert spending_lines(Spending(budget_usd=Decimal(5))) == []


def test_it_is_told_with_the_cost_also_where_nobody_bills_for_minutes() -> None:
    unbilled = RunCost(jobs=(replace(COST, runner=Runner(), price=Price()),), spending=SPENDING)
    assert cost_lines(unbilled) == spending_lines(SPENDING)
    billed = RunCost(jobs=(COST,), spending=SPENDING)
    assert cost_lines(billed)[-4:] == spending_lines(SPENDING)


def test_the_tables_of_a_summary() -> None:
    assert "\n\n".join(spending_markdown(SPENDING, 2)) == SUMMARY


SUMMARY = """\
#### Dearest tests (2)

| test | records | unpriced | tokens | spent |
| --- | ---: | ---: | ---: | ---: |
| `tests/test_chat.py::test_answers` | 3 | - | 1,200 | <span>$</span>0.081 |
| `tests/test_maps.py::test_route` | 4 | 1 | - | <span>$</span>0.014 |

#### Spent by kind (3)

| kind | records | unpriced | tokens | spent |
| --- | ---: | ---: | ---: | ---: |
| `llm` | 3 | - | 1,200 | <span>$</span>0.081 |
| - | 1 | - | - | <span>$</span>0.01 |

and 1 more, in `cost.json`

#### Spent by model (2)

| model | records | unpriced | tokens | spent |
| --- | ---: | ---: | ---: | ---: |
| `m` | 3 | - | 1,200 | <span>$</span>0.081 |
| - | 4 | 1 | - | <span>$</span>0.014 |

#### Spent by shard (3)

| shard | records | unpriced | tokens | spent |
| --- | ---: | ---: | ---: | ---: |
| `1` | 3 | - | 1,200 | <span>$</span>0.081 |
| `2 (attempt 2)` | 1 | - | - | <span>$</span>0.01 |

and 1 more, in `cost.json`

#### Spent by worker (4)

| worker | records | unpriced | tokens | spent |
| --- | ---: | ---: | ---: | ---: |
| `1 gw1` | 1 | - | - | <span>$</span>0.05 |
| `1 gw0` | 2 | - | 1,200 | <span>$</span>0.031 |

and 2 more, in `cost.json`"""


def test_what_nobody_named_has_no_table() -> None:
    plain = Spending(rows=(spent("a.py::test", "1", kind="", model=""), spent("", "2", kind="", model="")))
    assert [(table.title, table.rows) for table in spending_tables(plain, 5)] == [
        ("Dearest tests", (("(other tests)", ("1", "-", "-", "$2.00")), ("a.py::test", ("1", "-", "-", "$1.00"))))
    ]


def test_report_html_has_the_tables() -> None:
    page = html_page(REPORT, facts=RunFacts(), spending=SPENDING)
    section = page[page.index('<section id="spending"') :].partition("</section>")[0]
    assert re.findall(r"<h3>(.*?) <span", section) == [
        *("Dearest tests", "Spent by kind", "Spent by model", "Spent by shard", "Spent by worker")
    ]
    row = '<tr><th scope="row">tests/test_chat.py::test_answers</th><td class="n">3</td><td class="n">-</td>'
    assert f'{row}<td class="n">1,200</td><td class="n">$0.081</td></tr>' in section
    assert 'id="spending"' not in html_page(REPORT, facts=RunFacts(), spending=Spending())


hostile_spendings = st.lists(
    st.builds(
        lambda nodeid, kind, model, worker: spent(nodeid, "1", kind=kind[:100], model=model[:100], worker=worker[:32]),
        *[hostile] * 4,
    ),
    max_size=4,
).map(lambda rows: Spending(rows=tuple(rows)))


@settings(deadline=None, max_examples=40)
@given(hostile_spendings)
def test_no_name_that_a_test_gave_does_anything(spending: Spending) -> None:
    page = rendered(summary(REPORT, spending=spending))
    assert [piece for piece in page.prose if TRIGGERS.search(piece)] == []
    assert page.comments == []
    html = html_page(REPORT, facts=RunFacts(), spending=spending)
    assert html.count("<script") == 2 and html.count("<section") == html_page(REPORT, facts=RunFacts()).count(
        "<section"
    ) + bool(spending.rows)
