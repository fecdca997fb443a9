import subprocess

import pytest


@pytest.fixture
def each_test():
    subprocess.run(["npm", "install"])


@pytest.fixture(scope="module")
def each_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("a") / "b"
    path.write_text("x")
