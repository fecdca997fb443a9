"""`plan.json`: which shard runs which test. Seconds are whole milliseconds, written as 1.234."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from ci_tools.formats._document import Fields, check_header, parse, shown
from ci_tools.model.cost import usd_of
from ci_tools.model.errors import FormatError
from ci_tools.model.plan import Atom, Certificate, Plan, Shard

FORMAT = "xdist-ci/plan"
# 1: the first.
VERSION = 1
MAX_SHARDS = 256  # GitHub's limit of jobs in a matrix


def dumps(plan: Plan) -> str:
    """Return the plan as text; its digest is inside, over everything but the certificate."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "digest": plan.digest,
        "workers": plan.workers,
        "shards": [_shard_document(shard) for shard in plan.shards],
        "certificate": certificate_document(plan.certificate) if plan.certificate else None,
    }
    return json.dumps(document, indent=None, allow_nan=False, separators=(",", ":")) + "\n"


def loads(text: str, *, source: str) -> Plan:
    """Return the plan; FormatError when it is no plan, cut off, or changed since it was made."""
    document = check_header(parse(text, source=source), format=FORMAT, version=VERSION, source=source)
    fields = Fields(document, source=source)
    shards = tuple(_shard(shard) for shard in fields.objects("shards"))
    if [shard.index for shard in shards] != list(range(1, len(shards) + 1)) or not shards:
        raise fields.refuse("shards aren't numbered 1, 2, 3, …")
    if len(shards) > MAX_SHARDS:
        raise fields.refuse(f"{len(shards)} shards, at most {MAX_SHARDS}")
    certificate = certificate_of(fields.object("certificate")) if fields.get("certificate") is not None else None
    plan = Plan(workers=fields.integer("workers", least=1), shards=shards, certificate=certificate)
    if fields.text("digest") != plan.digest:
        raise FormatError(
            f"{source}: its content doesn't match its digest {shown(fields.text('digest')[:12])}",
            hint="the file was changed after `ci-tools plan` wrote it: make the plan anew",
        )
    return plan


def certificate_document(certificate: Certificate) -> dict[str, Any]:
    """Return the certificate as it stands in `plan.json` and in `report.json`."""
    return {
        "tests": certificate.tests,
        "files": certificate.files,
        "total_s": certificate.total_ms / 1000,
        "predicted_wall_s": certificate.predicted_wall_ms / 1000,
        "lower_bound_s": certificate.lower_bound_ms / 1000,
        "ratio": round(certificate.ratio, 4),
        "bound_by": certificate.bound_by,
        "binding": certificate.binding,
        "useful_shards": certificate.useful_shards,
        "torn_files": certificate.torn_files,
        "unknown_tests": certificate.unknown_tests,
        "assumed_s": certificate.assumed_ms / 1000,
        "pytest_split_wall_s": {
            name: None if wall_ms is None else wall_ms / 1000 for name, wall_ms in certificate.rivals_ms.items()
        },
    }


def _shard_document(shard: Shard) -> dict[str, Any]:
    document: dict[str, Any] = {
        "index": shard.index,
        "expected_s": shard.expected_ms / 1000,
        "atoms": [_atom_document(atom) for atom in shard.atoms],
    }
    if shard.budget_usd is not None:
        document["budget_usd"] = str(shard.budget_usd)
    return document


def _atom_document(atom: Atom) -> dict[str, Any]:
    document: dict[str, Any] = {"file": atom.file, "expected_s": atom.expected_ms / 1000, "nodeids": atom.nodeids}
    if atom.guessed:
        document["guessed"] = atom.guessed
    if atom.longest_ms:
        document["longest_s"] = atom.longest_ms / 1000
    return document


def _shard(fields: Fields) -> Shard:
    return Shard(
        index=fields.integer("index", least=1),
        expected_ms=_ms(fields, "expected_s"),
        atoms=tuple(_atom(atom) for atom in fields.objects("atoms")),
        budget_usd=_budget(fields) if fields.get("budget_usd") is not None else None,
    )


def _budget(fields: Fields) -> Decimal:
    usd = usd_of(fields.text("budget_usd"))
    if usd is None:
        raise fields.refuse(f"'budget_usd' is {shown(fields.get('budget_usd'))}, wanted dollars like '5.00'")
    return usd


def _atom(fields: Fields) -> Atom:
    whole = fields.get("nodeids") is None
    return Atom(
        file=fields.text("file"),
        expected_ms=_ms(fields, "expected_s"),
        nodeids=None if whole else fields.texts("nodeids"),
        guessed=fields.texts("guessed") if fields.get("guessed") is not None else (),
        longest_ms=_ms(fields, "longest_s") if fields.get("longest_s") is not None else 0,
    )


def certificate_of(fields: Fields) -> Certificate:
    """Return the certificate that `certificate_document` wrote."""
    rivals = fields.object("pytest_split_wall_s")
    names = fields.get("pytest_split_wall_s")
    return Certificate(
        tests=fields.integer("tests"),
        files=fields.integer("files"),
        total_ms=_ms(fields, "total_s"),
        predicted_wall_ms=_ms(fields, "predicted_wall_s"),
        lower_bound_ms=_ms(fields, "lower_bound_s"),
        bound_by=fields.text("bound_by"),
        binding=fields.text("binding"),
        useful_shards=fields.integer("useful_shards"),
        torn_files=fields.integer("torn_files"),
        unknown_tests=fields.integer("unknown_tests"),
        assumed_ms=_ms(fields, "assumed_s"),
        rivals_ms={name: None if names[name] is None else _ms(rivals, name) for name in names},
    )


def _ms(fields: Fields, key: str) -> int:
    return round(fields.seconds(key) * 1000)
