"""The application."""


class Settings:
    debug = False
    currency = "EUR"
    hooks = []


settings = Settings()
registry = {}


def register(name, value):
    registry[name] = value
