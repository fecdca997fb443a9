import pytest
from sqlalchemy import create_engine

from models import Base


@pytest.fixture(scope="session")
def engine():
    engine = create_engine("postgresql://localhost/app_test")  # CIT103
    Base.metadata.create_all(engine)  # CIT104
    yield engine
    Base.metadata.drop_all(bind=engine)  # CIT104


@pytest.fixture(scope="session")
def memory():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    return engine


@pytest.fixture(scope="session")
def private(tmp_path_factory):
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('db')}/a.db")
    Base.metadata.create_all(engine)
    return engine
