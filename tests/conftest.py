from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from project import Project

# A machine that is busy with other tests is no finding.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
