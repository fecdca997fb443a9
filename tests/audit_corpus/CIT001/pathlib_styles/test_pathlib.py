import os
from pathlib import Path
import pathlib as pl

OUT = Path("build") / "out"
HERE = Path(__file__).parent
GOLDEN = HERE.joinpath("golden", "page.html")


def test_write_text():
    Path("notes.txt").write_text("x")  # CIT001


def test_write_bytes_below_a_module_constant():
    target = OUT / "image.png"
    target.write_bytes(b"")  # CIT001


def test_next_to_the_test():
    (HERE / "actual.html").write_text("x")  # CIT001


def test_updates_the_golden_file():
    GOLDEN.write_text("x")  # CIT001


def test_renamed_module():
    pl.Path("a", "b.txt").open("w").close()  # CIT001


def test_touch_and_mkdir():
    Path("flag").touch()  # CIT001
    Path("cache").mkdir()  # CIT001


def test_link():
    Path("current").symlink_to("v1")  # CIT001


def test_reads():
    assert Path("data.txt").read_text()
    assert GOLDEN.open().read()
    assert Path("data.txt").open("rb").read()


def test_mkdir_that_may_exist():
    OUT.mkdir(parents=True, exist_ok=True)


def test_below_tmp_path(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    target = tmp_path.joinpath("out") / OUT
    target.mkdir(parents=True)
    tmp_path.with_name("beside").mkdir()


def test_strings_have_replace_too():
    assert "a\nb".replace("\n", "") == "ab"
    assert Path("a.txt").with_suffix(".b").name == "a.b"


def test_a_path_that_is_text_has_replace_too():
    assert os.path.join("out", "a.txt").replace("out", "in")


def test_renames():
    Path("a.txt").rename("b.txt")  # CIT001
    Path("a.txt").replace(OUT / "b.txt")  # CIT001
