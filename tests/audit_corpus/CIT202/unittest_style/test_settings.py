import os
import unittest


class Forgetful(unittest.TestCase):
    def setUp(self):
        os.environ["APP_MODE"] = "test"  # CIT202

    def test_mode(self):
        self.assertEqual(os.environ["APP_MODE"], "test")


class Careful(unittest.TestCase):
    def setUp(self):
        self.before = os.environ.get("APP_MODE")
        os.environ["APP_MODE"] = "test"

    def tearDown(self):
        os.environ.pop("APP_MODE", None)
        if self.before is not None:
            os.environ["APP_MODE"] = self.before

    def test_mode(self):
        self.assertEqual(os.environ["APP_MODE"], "test")


class Tidy(unittest.TestCase):
    def test_mode(self):
        os.environ["APP_MODE"] = "test"
        self.addCleanup(os.environ.pop, "APP_MODE")
        self.assertEqual(os.environ["APP_MODE"], "test")
