"""What the rules are, for those who show or document them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ci_tools.audit.finding import Axis, Severity
from ci_tools.audit.rules import documentation_of, name_of

HOME = "https://github.com/org/xdist-ci"
AXES = {
    Axis.WORKERS: "breaks across workers",
    Axis.ORDER: "breaks by the order of tests within a worker",
    Axis.COLLECTION: "breaks collection: workers must collect the same",
    Axis.START: "breaks with the way processes are started",
    Axis.TIME: "breaks with the clock, or by chance",
}
_HIGH, _MEDIUM, _LOW, _NOTE = Severity
_X, _O, _C, _S, _T = Axis

# By rule: its axis, and the worst severity that it gives; a finding with less to say for itself gets less.
_RULES = {
    "CIT001": (_X, _HIGH),
    "CIT002": (_X, _HIGH),
    "CIT003": (_X, _HIGH),
    "CIT004": (_X, _NOTE),
    "CIT101": (_C, _HIGH),
    "CIT102": (_X, _HIGH),
    "CIT103": (_X, _HIGH),
    "CIT104": (_X, _MEDIUM),
    "CIT105": (_X, _MEDIUM),
    "CIT201": (_O, _MEDIUM),
    "CIT202": (_O, _MEDIUM),
    "CIT203": (_O, _MEDIUM),
    "CIT204": (_O, _MEDIUM),
    "CIT205": (_O, _NOTE),
    "CIT301": (_C, _HIGH),
    "CIT302": (_X, _HIGH),
    "CIT303": (_X, _HIGH),
    "CIT401": (_S, _HIGH),
    "CIT402": (_X, _HIGH),
    "CIT403": (_S, _MEDIUM),
    "CIT404": (_X, _MEDIUM),
    "CIT501": (_T, _LOW),
    "CIT502": (_T, _LOW),
    "CIT503": (_T, _LOW),
    "CIT504": (_T, _LOW),
    "CIT505": (_T, _LOW),
    "CIT601": (_X, _MEDIUM),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A rule as it is shown. `documentation` is Markdown, its first line the summary."""

    rule: str
    name: str
    axis: Axis
    severity: Severity
    documentation: str

    @property
    def summary(self) -> str:
        return self.documentation.partition("\n")[0]

    @property
    def url(self) -> str:
        return f"{HOME}/blob/main/docs/audit/{self.rule}.md"


def card_of(rule: str) -> Card:
    """Return a rule's card."""
    axis, severity = _RULES[rule]
    return Card(rule=rule, name=name_of(rule), axis=axis, severity=severity, documentation=documentation_of(rule))


def page_of(card: Card) -> str:
    """Return a rule's page, docs/audit/CITnnn.md."""
    about = f"Severity {card.severity.value} at most; {AXES[card.axis]} ({card.axis.value})."
    foot = "[All rules, and how to configure and to ignore them](../audit.md)"
    return f"# {card.rule} {card.name}\n\n{about}\n\n{card.documentation.strip()}\n\n{foot}\n"


def cards_of(rules: Sequence[str]) -> list[Card]:
    """Return the cards of rules, in their order."""
    return [card_of(rule) for rule in rules]
