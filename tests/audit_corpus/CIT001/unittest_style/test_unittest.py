import os
import shutil
import tempfile
import unittest


class SharedTest(unittest.TestCase):
    output = "results"

    def setUp(self):
        self.path = os.path.join(self.output, "case.csv")

    def test_writes(self):
        with open(self.path, "w") as file:  # CIT001
            file.write("a,b")

    def test_copies(self):
        shutil.copyfile("sample.csv", "copy.csv")  # CIT001


class PrivateTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.path = os.path.join(self.directory, "case.csv")
        self.addCleanup(shutil.rmtree, self.directory)

    def test_writes(self):
        with open(self.path, "w") as file:
            file.write("a,b")

    def test_copies(self):
        shutil.copyfile("sample.csv", self.path)


class MovedTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.before = os.getcwd()
        os.chdir(self.directory.name)  # CIT203

    def tearDown(self):
        os.chdir(self.before)

    def test_writes(self):
        with open("case.csv", "w") as file:
            file.write("a,b")
