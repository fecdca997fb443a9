"""Which run asks whether a test fails with some others: who runs what, in which process."""

from __future__ import annotations

from collections.abc import Sequence

from ci_tools.bisect.oracle import Subset
from ci_tools.bisect.scene import LONG_S, MAX_BESIDE, Scene, Way
from ci_tools.model.trial import Conditions, Steering

Layout = tuple[Conditions, Steering]


def layout(scene: Scene, way: Way, others: Subset) -> Layout:
    """Return the run that asks whether the test fails with these others: one of a group's subsets."""
    if way is Way.BEFORE or way is Way.EARLIER:
        return Conditions(), Steering(tests=(*others, scene.test))
    if way is Way.RECORDED:
        chosen = set(others)
        own, *elsewhere = [tuple(test for test in lane if test in chosen) for lane in scene.lanes]
        return _in_lanes(((*own, scene.test), *filter(None, elsewhere)))
    if scene.test_s >= LONG_S:
        return _in_lanes(((scene.test,), *_dealt(others)))
    return _in_lanes(((scene.test,), *((other,) for other in others)), together=True)


def _dealt(others: Subset) -> Sequence[Subset]:
    return [lane for lane in (others[i::MAX_BESIDE] for i in range(MAX_BESIDE)) if lane]


def _in_lanes(lanes: Sequence[Subset], *, together: bool = False) -> Layout:
    steering = Steering(lanes={f"gw{n}": lane for n, lane in enumerate(lanes)}, together=together)
    return Conditions(workers=str(len(lanes)), dist="each"), steering
