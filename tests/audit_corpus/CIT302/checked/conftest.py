import os
import tempfile


def pytest_sessionstart(session):
    workerinput = getattr(session.config, "workerinput", None)
    if workerinput is not None:
        os.environ["DATABASE_URL"] = f"postgresql://localhost/app_{workerinput['workerid']}"


def pytest_configure_node(node):
    node.workerinput["database"] = f"app_{node.gateway.id}"


def pytest_sessionfinish(session):
    print(os.environ.get("DATABASE_URL"))
