import datetime


def parse(text):
    return datetime.datetime.now()


def session_expiry():
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=31)
