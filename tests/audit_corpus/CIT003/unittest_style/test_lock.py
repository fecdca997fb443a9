import os
import tempfile
import unittest


class LockTest(unittest.TestCase):
    pid_file = "/tmp/app.pid"

    def test_writes_its_process_id(self):
        with open(self.pid_file, "w") as file:  # CIT003
            file.write("1")

    def test_own(self):
        with open(f"/tmp/app-{os.getpid()}.pid", "w") as file:
            file.write("1")


class OwnTest(unittest.TestCase):
    def setUp(self):
        handle, self.pid_file = tempfile.mkstemp(dir="/tmp")
        os.close(handle)

    def test_writes(self):
        with open(self.pid_file, "w") as file:
            file.write("1")
