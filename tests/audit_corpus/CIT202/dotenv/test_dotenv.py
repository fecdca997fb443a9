import dotenv
from dotenv import load_dotenv


def test_loads(tmp_path):
    file = tmp_path / ".env"
    file.write_text("A=1")
    load_dotenv(file)  # CIT202
    dotenv.load_dotenv(file, override=True)  # CIT202


def test_reads(tmp_path):
    assert dotenv.dotenv_values(tmp_path / ".env") == {}
