"""What a trial tells the plugin: written by `ci-tools stability` and its like, read in every process of its run."""

from __future__ import annotations

from ci_tools.formats._document import Fields, check_header, parse
from ci_tools.formats._document import dumps as _dumps
from ci_tools.model.trial import Order, Steering

FORMAT = "xdist-ci/trial"
VERSION = 1


def dumps(steering: Steering) -> str:
    """Return the steering as text."""
    return _dumps(
        {
            "format": FORMAT,
            "version": VERSION,
            "workers": steering.workers,
            "dist": steering.dist,
            "order": steering.order.value,
            "seed": steering.seed,
            "tests": list(steering.tests),
            "lanes": {worker: list(tests) for worker, tests in steering.lanes.items()},
            "together": steering.together,
            "evidence": steering.evidence,
            "meet_at": list(steering.meet_at),
            "as_is": steering.as_is,
        }
    )


def loads(text: str, *, source: str) -> Steering:
    """Return the steering; FormatError when it is anything else, or cut off."""
    fields = Fields(
        check_header(parse(text, source=source), format=FORMAT, version=VERSION, source=source), source=source
    )
    lanes = fields.object("lanes")
    return Steering(
        workers=fields.text("workers"),
        dist=fields.text("dist"),
        order=fields.choice("order", Order),
        seed=fields.integer("seed"),
        tests=fields.texts("tests"),
        lanes={worker: lanes.texts(worker) for worker in fields.get("lanes")},
        together=fields.flag("together"),
        evidence=fields.flag("evidence"),
        meet_at=fields.texts("meet_at"),
        as_is=fields.flag("as_is"),
    )
