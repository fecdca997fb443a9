from datetime import date, datetime


class Report:
    def __init__(self, day):
        self.day = day
        self.due = day
        self.at = datetime.now()
        self.title = str(day)
        self.year = self.at.year


def make_report(day=None):
    return Report(day or date.today())


def age_in_years(birth, today):
    return today.year - birth.year
