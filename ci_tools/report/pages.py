"""Pages that need no other file: templates, styles and scripts of a package's page/, filled in by Jinja, which escapes.

What report/page/ holds is every package's.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

_SHARED = "ci_tools.report"


def filled(package: str, template: str, **values: object) -> str:
    """Return a template of the package, filled in. Raises jinja2.UndefinedError for a value that it lacks."""
    return str(_environment(package).get_template(template).render(values))


def asset(package: str, name: str) -> Any:
    """Return one file of ours as it is: it is no template, and nothing in it is escaped."""
    environment = _environment(package)
    assert environment.loader is not None
    return as_is(environment.loader.get_source(environment, name)[0])


def as_is(text: str) -> Any:
    """Return text of ours that Jinja doesn't escape."""
    from markupsafe import Markup

    return Markup(text)


def policy_hash(text: str) -> str:
    """Return how a Content-Security-Policy names an inline style or script.

    Source: https://www.w3.org/TR/CSP3/#grammardef-hash-source
    """
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


@cache
def _environment(package: str) -> Environment:
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name, "page") for name in dict.fromkeys((package, _SHARED))]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["group"] = lambda number: f"{number:,}"
    return environment
