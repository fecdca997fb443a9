"""Money, exact: amounts from people and files, as decimals and as text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Context, Decimal

from ci_tools.model.errors import UsageError

# A context of our own: a test may have set the precision of its thread to anything.
EXACT = Context(prec=60)

_USD = re.compile(r"\d{1,6}(?:\.\d{1,12})?", re.ASCII)
_SUM = re.compile(r"\d{1,18}(?:\.\d{1,12})?", re.ASCII)
_QUANTUM = Decimal("1e-12")


def amount_of(usd: str | int | float | Decimal) -> Decimal:
    """Return dollars, exact: from 0 to 999,999.999999999999, at most 12 digits behind the point.

    A float is what it prints as, rounded to 12 digits. Raises UsageError for anything else.
    """
    text = usd if isinstance(usd, str) else _plain(usd)
    if not _USD.fullmatch(text):
        raise UsageError(
            f"{str(usd)[:40]!r} is no amount of dollars",
            hint='say it like "0.0123": 0 or more, below a million, at most 12 digits behind the point',
        )
    return Decimal(text)


def _plain(usd: object) -> str:
    """Return a number's digits, "" for what is none. True is none, though Python takes it for 1."""
    if isinstance(usd, bool) or not isinstance(usd, int | float | Decimal):
        return ""
    # Not repr: NumPy's floats, which are floats too, have another one.
    number = Decimal(float.__repr__(usd)) if isinstance(usd, float) else Decimal(usd)
    if not number.is_finite() or not 0 <= number < 10**6:
        return ""
    return usd_text(EXACT.quantize(number, _QUANTUM) if isinstance(usd, float) else number)


def rounded_usd(usd: Decimal) -> Decimal | None:
    """Return a price that was reckoned, to 12 digits; None when it can't be one."""
    text = _plain(EXACT.quantize(usd, _QUANTUM)) if usd.is_finite() and 0 <= usd < 10**6 else ""
    return Decimal(text) if _USD.fullmatch(text) else None


def sum_of_text(text: str) -> Decimal | None:
    """Return a sum as a file spells it, below 10¹⁸ dollars; None for anything else."""
    return Decimal(text) if _SUM.fullmatch(text) else None


def usd_text(usd: Decimal) -> str:
    """Return the one spelling of an amount: `12`, `0.006`."""
    text = f"{usd:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def exact_dollars(usd: Decimal) -> str:
    """Return an amount with all its digits, two of them at least: `$0.0123`, `$1,200.00`, `-$0.50`."""
    whole, _, digits = usd_text(EXACT.abs(usd)).partition(".")
    return f"{'-' if usd < 0 else ''}${int(whole):,}.{digits:0<2}"


def usd_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum, whatever the thread's decimal context is."""
    total = Decimal(0)
    for usd in amounts:
        total = EXACT.add(total, usd)
    return total
