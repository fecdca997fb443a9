import os
import subprocess

import pytest
from alembic import command


def build(directory):
    subprocess.check_call(["npm", "run", "build"], cwd=directory)  # CIT104


@pytest.fixture(scope="session")
def frontend():
    build("frontend")


@pytest.fixture(scope="session")
def containers():
    subprocess.run("docker compose up -d", shell=True, check=True)  # CIT104
    yield
    subprocess.run(["docker", "compose", "down"])  # CIT104


@pytest.fixture(scope="session")
def extension():
    os.system("make -C native")  # CIT104


@pytest.fixture(scope="session")
def migrated():
    command.upgrade("alembic.ini", "head")  # CIT104
