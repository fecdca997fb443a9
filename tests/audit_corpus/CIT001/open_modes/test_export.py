import codecs
import gzip
import io
import json
import os

REPORT = "out/report.json"


def test_writes_a_report():
    with open("report.txt", "w") as file:  # CIT001
        file.write("done")


def test_the_path_is_a_constant_of_the_module():
    with open(REPORT, mode="a", encoding="utf-8") as file:  # CIT001
        json.dump({}, file)


def test_creates_and_updates():
    open("state.bin", "xb").close()  # CIT001
    with io.open("state.bin", "r+b") as file:  # CIT001
        file.write(b"1")


def test_compressed():
    with gzip.open("big.json.gz", "wt") as file:  # CIT001
        file.write("{}")
    with codecs.open("latin.txt", "w", "latin-1") as file:  # CIT001
        file.write("x")


def test_by_descriptor():
    handle = os.open("lock.pid", os.O_CREAT | os.O_WRONLY)  # CIT001
    os.close(handle)


def test_reads():
    with open("data/words.txt") as file:
        assert file.read()
    with open("data/words.bin", "rb") as file:
        assert file.read()


def test_null_device():
    with open(os.devnull, "w") as file:
        file.write("x")
    with open("/dev/null", "w") as file:
        file.write("x")


def test_mode_is_unknown(mode):
    with open("data/words.txt", mode) as file:
        assert file.read()
