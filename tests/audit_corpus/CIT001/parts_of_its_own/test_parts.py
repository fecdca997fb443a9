import os
import tempfile
import uuid
from pathlib import Path


def test_random_name():
    Path(f"out-{uuid.uuid4()}.txt").write_text("x")


def test_name_of_the_process():
    with open("out-%d.txt" % os.getpid(), "w") as file:
        file.write("x")


def test_name_of_the_worker(worker_id):
    path = "out-{}.txt".format(worker_id)
    with open(path, "w") as file:
        file.write("x")


def test_worker_from_the_environment():
    worker = os.environ.get("PYTEST_XDIST_WORKER", "master")
    Path("out", worker).mkdir(parents=True)


def test_temporary():
    with tempfile.TemporaryDirectory() as directory:  # CIT004
        with open(os.path.join(directory, "a.txt"), "w") as file:
            file.write("x")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
        file.write("x")
    with open(file.name, "a") as again:
        again.write("y")
