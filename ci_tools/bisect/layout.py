"""Which runs ask whether a test fails with some others: who runs what, in which process."""

from __future__ import annotations

from collections.abc import Sequence

from ci_tools.bisect.oracle import Subset
from ci_tools.bisect.scene import Scene, Way
from ci_tools.model.trial import Conditions, Steering

# At a time beside the test: each is in a process of its own, and GitHub's standard runners have four CPUs.
MAX_BESIDE = 3
# So long a test overlaps with all that ran beside it, whenever each of them begins.
LONG_S = 1.0

Layout = tuple[Conditions, Steering]


def layouts(scene: Scene, way: Way, others: Subset) -> tuple[Layout, ...]:
    """Return the runs that together ask the question once: the test failed if it did in any of them."""
    if way is Way.BEFORE or way is Way.EARLIER:
        return ((Conditions(), Steering(tests=(*others, scene.test))),)
    if way is Way.RECORDED:
        chosen = set(others)
        own, *elsewhere = [tuple(test for test in lane if test in chosen) for lane in scene.lanes]
        return (_in_lanes(((*own, scene.test), *filter(None, elsewhere))),)
    if scene.test_s >= LONG_S:
        return (_in_lanes(((scene.test,), *_dealt(others))),)
    rows = [others[i : i + MAX_BESIDE] for i in range(0, len(others), MAX_BESIDE)] or [()]
    return tuple(_in_lanes(((scene.test,), *((other,) for other in row)), together=True) for row in rows)


def _dealt(others: Subset) -> Sequence[Subset]:
    return [lane for lane in (others[i::MAX_BESIDE] for i in range(MAX_BESIDE)) if lane]


def _in_lanes(lanes: Sequence[Subset], *, together: bool = False) -> Layout:
    steering = Steering(lanes={f"gw{n}": lane for n, lane in enumerate(lanes)}, together=together)
    return Conditions(workers=str(len(lanes)), dist="each"), steering
