import os

from sqlalchemy import create_engine

URL = os.getenv("DATABASE_URL", "sqlite:///app.db")
TEST_URL = os.environ.get("TEST_DATABASE_URL", "postgresql://localhost/app_test")


def make_engine(url=URL):
    return create_engine(url)  # CIT103
