import os


def login(token):
    remember(token)


def remember(token):
    os.environ["APP_TOKEN"] = token  # CIT202


def logout():
    return os.environ.get("APP_TOKEN")
