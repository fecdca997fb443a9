"""Orders: articles and amounts."""

from __future__ import annotations


class Order:
    """A list of (article, amount); an amount is at least 1."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, int]] = []

    def add(self, article: str, amount: int = 1) -> None:
        if amount < 1:
            raise ValueError("nothing ordered")
        self.lines.append((article, amount))

    def total(self, prices: dict[str, int]) -> int:
        return sum(prices[article] * amount for article, amount in self.lines)
