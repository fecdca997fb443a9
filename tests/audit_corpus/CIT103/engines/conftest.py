import pytest
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

URL = "sqlite:///./test.db"


@pytest.fixture(scope="session")
def engine():
    engine = create_engine(URL, connect_args={"check_same_thread": False})  # CIT103
    yield engine
    engine.dispose()


@pytest.fixture
async def async_engine():
    engine = create_async_engine("postgresql+asyncpg://app:app@localhost/app_test")  # CIT103
    yield engine
    await engine.dispose()


@pytest.fixture
def memory_engine():
    return create_engine("sqlite://")


@pytest.fixture
def named_memory_engine():
    return create_engine("sqlite:///:memory:", echo=True)


@pytest.fixture
def private_engine(tmp_path):
    return create_engine(f"sqlite:///{tmp_path}/app.db")


@pytest.fixture
def worker_engine(worker_id):
    return create_engine(f"postgresql://app:app@localhost/app_{worker_id}")
