from __future__ import annotations

from pathlib import Path

import pytest

from ci_tools.bisect.conduct import Wanted, bisect, passing
from ci_tools.bisect.oracle import TimeUpError
from ci_tools.bisect.record import Record
from ci_tools.bisect.runs import Runs
from ci_tools.bisect.scene import Way
from ci_tools.model.statistics import Share
from ci_tools.trial.series import Series


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """There is no time for any."""
    return Runs(Series(tmp_path / "out", ("pytest",), {}, say=print), "t.py::t", limit_s=0)


def test_a_test_that_is_suspected_beside_it_is_tried_as_in_a_recorded_run_too(runs: Runs, tmp_path: Path) -> None:
    """What was found that way only is shown again so: not beginning at the same instant."""
    found = bisect(Wanted(test="t.py::t", beside=("p.py::p",)), runs, tmp_path, print)
    assert (found.n_runs, found.ended) == (0, "0.0 s are up: go on with --resume")
    assert found.scene.groups(Way.BESIDE) == found.scene.groups(Way.RECORDED) == (("p.py::p",),)


def test_a_suite_that_was_run_to_see_it_fail_isn_t_run_again_to_see_it_pass(runs: Runs) -> None:
    wanted = Wanted(test="t.py::t")
    assert passing(wanted, Record(alone=Share(bad=5, n=5)), runs)() is None
    with pytest.raises(TimeUpError):
        passing(wanted, Record(), runs)()
