import unittest

sent = []


class MailTests(unittest.TestCase):
    def setUp(self):
        sent[:] = []

    def test_sends(self):
        sent.append("hello")
        self.assertEqual(sent, ["hello"])

    def test_sends_nothing(self):
        self.assertEqual(sent, [])


class CountTests(unittest.TestCase):
    total = 0

    @classmethod
    def setUpClass(cls):
        cls.connection = object()

    def test_counts(self):
        type(self).total = 1
        self.count = 1
        CountTests.total += 1  # CIT201
        self.assertTrue(self.connection)

    def test_total(self):
        self.assertEqual(self.total, 0)
