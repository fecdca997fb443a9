"""What a project says of itself in `[tool.ci-tools]` of its pyproject.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum


class Keep(str, Enum):
    """Whether a run's directory stays when the run has ended."""

    NEVER = "never"
    FAILED = "failed"  # when pytest's exit status isn't 0
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """What becomes of the database of one variable: created for each worker, from `template` if that is named."""

    create: bool = False
    template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """`[tool.ci-tools.isolation]`.

    `env` maps variables to `db-url`, `dir`, `port`, or a text with {worker_dir}, {worker}, {run_id},
    {shard}; `settings` maps `module:object.attribute` to the same. `cache_clear` names functions as
    `module:name`. `databases` has those variables of `env` for keys whose value is `db-url`.
    """

    env: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    cache_clear: tuple[str, ...] = ()
    databases: Mapping[str, Database] = field(default_factory=dict)
    always: bool = False
    home: bool = False
    strict: bool = False
    keep: Keep = Keep.NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`isolation` and `budget_usd` are None where the project doesn't ask for them.

    `marks_run_elsewhere`: tests marked to run apart that `-m` leaves out are another job's.
    """

    isolation: Isolation | None = None
    budget_usd: Decimal | None = None
    marks_run_elsewhere: bool = False
