import os
import random
import tempfile
import uuid
from pathlib import Path


def test_made_by_tempfile():
    directory = tempfile.mkdtemp(dir="/tmp")  # CIT004
    Path(directory, "a.txt").write_text("x")
    with tempfile.NamedTemporaryFile(dir="/tmp", mode="w") as file:
        file.write("x")


def test_with_a_random_part():
    Path(f"/tmp/{uuid.uuid4().hex}.txt").write_text("x")
    os.makedirs(os.path.join(tempfile.gettempdir(), str(uuid.uuid4())))


def test_with_the_worker(testrun_uid, worker_id):
    Path("/tmp", testrun_uid, worker_id).mkdir(parents=True)


def make_directory_of(path):
    directory = os.path.dirname(path)
    if not os.path.isdir(directory):
        os.makedirs(directory)


def test_the_temporary_directory_itself_is_there():
    make_directory_of("/tmp/report.txt")


def test_formatted_with_digits():
    name = "/tmp/app-%09d" % random.randint(0, 999999999)
    os.mkdir(name)
    Path("/tmp/{:04x}.txt".format(random.getrandbits(64))).write_text("x")
