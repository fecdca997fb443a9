import unittest
from datetime import date

from reports import make_report


class Dates(unittest.TestCase):
    def test_day(self):
        self.assertEqual(make_report().day, date.today())  # CIT504

    def test_given(self):
        today = date.today()
        self.assertEqual(make_report(today).day, today)
