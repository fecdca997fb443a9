import logging
import pickle
import shelve
import zipfile

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt


def test_arrays():
    np.save("weights.npy", np.zeros(3))  # CIT001
    np.savez("weights.npz", a=np.zeros(3))  # CIT001


def test_frames():
    frame = pd.DataFrame({"a": [1]})
    frame.to_csv("frame.csv", index=False)  # CIT001
    frame.to_parquet(path="frame.parquet")  # CIT001


def test_plot():
    figure, axes = plt.subplots()
    plt.savefig("plot.png")  # CIT001


def test_archive():
    with zipfile.ZipFile("bundle.zip", "w") as archive:  # CIT001
        archive.writestr("a", "b")


def test_pickle():
    with open("model.pkl", "wb") as file:  # CIT001
        pickle.dump({}, file)


def test_shelf():
    with shelve.open("shelf") as shelf:  # CIT001
        shelf["a"] = 1


def test_log_file():
    logging.FileHandler("test.log")  # CIT001


def test_reads_or_returns_text():
    frame = pd.read_csv("frame.csv")
    assert frame.to_csv() == ""
    assert frame.to_json(orient="records")
    with zipfile.ZipFile("bundle.zip") as archive:
        assert archive.namelist()


def test_private(tmp_path):
    np.save(tmp_path / "weights.npy", np.zeros(3))
    pd.DataFrame({"a": [1]}).to_csv(tmp_path / "frame.csv")
    plt.savefig(str(tmp_path / "plot.png"))


def test_reads_an_archive():
    import tarfile

    with tarfile.open("bundle.tar.xz", "r:xz") as archive:
        assert archive.getnames()
    with tarfile.open("bundle.tar.xz", "w:xz") as archive:  # CIT001
        archive.add("a")
