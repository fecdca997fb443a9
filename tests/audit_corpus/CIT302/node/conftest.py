import os


def pytest_configure_node(node):
    os.environ["APP_DATA_DIR"] = f"data/{node.gateway.id}"  # CIT302
    node.workerinput["data_dir"] = f"data/{node.gateway.id}"
