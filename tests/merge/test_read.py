"""Bundles from disk: cut, changed, hostile."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from project import Project, whole

from ci_tools.merge.judge import merge
from ci_tools.merge.read import read_bundle, read_bundles
from ci_tools.model.plan import Plan

NAMES = ("manifest.json", "attempts.jsonl", "collected.jsonl", "plan.json")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real bundle of one shard."""
    project = Project(tmp_path_factory.mktemp("project"))
    project.write(test_a="def test_1(): pass\ndef test_2(): assert 0\n")
    project.write_plan([whole("test_a.py")])
    project.run()
    return project.root / "bundles" / "shard-1-of-1-attempt-1"


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / bundle.name))


def plan_of(bundle: Path) -> Plan:
    plan = read_bundle(bundle).plan
    assert plan is not None
    return plan


def test_a_whole_bundle_has_no_problems(bundle: Path) -> None:
    assert read_bundle(bundle).problems == ()
    assert merge([read_bundle(bundle)], plan_of(bundle)).conclusion.value == "failed"


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_cut_off_at_any_byte_is_never_green_and_never_a_crash(bundle: Path, copy: Path, name: str) -> None:
    plan = plan_of(bundle)
    data = (bundle / name).read_bytes()
    for end in range(len(data) - 1):  # without its last newline a manifest is still whole
        (copy / name).write_bytes(data[:end])
        report = merge([read_bundle(copy)], plan)
        assert report.conclusion.value == "incomplete", (name, end)
        assert report.reasons[0].startswith(("shard 1 is ", "shard 1 was ")), (name, end)


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_without_one_of_its_files_is_incomplete(bundle: Path, copy: Path, name: str) -> None:
    plan = plan_of(bundle)
    (copy / name).unlink()
    report = merge([read_bundle(copy)], plan)
    assert report.conclusion.value == "incomplete"
    assert name in report.reasons[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_byte_is_noticed(bundle: Path, copy: Path, name: str) -> None:
    data = bytearray((bundle / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    assert merge([read_bundle(copy)], plan_of(bundle)).conclusion.value != "passed"
    if name != "manifest.json":
        assert any("changed or cut off after it was sealed" in p for p in read_bundle(copy).problems)


def test_what_a_cut_file_still_holds_is_kept(bundle: Path, copy: Path) -> None:
    lines = (bundle / "attempts.jsonl").read_text().splitlines(keepends=True)
    upto = next(i for i, line in enumerate(lines) if "test_1" in line and '"attempt"' in line)
    (copy / "attempts.jsonl").write_text("".join(lines[: upto + 1]) + lines[upto + 1][:7])
    report = merge([read_bundle(copy)], plan_of(bundle))
    assert [case.nodeid for case in report.cases] == ["test_a.py::test_1"]
    assert [missing.name for missing in report.not_run] == ["test_a.py::test_2"]


def test_a_manifest_cannot_point_out_of_its_bundle(copy: Path) -> None:
    text = (copy / "manifest.json").read_text().replace('"plan.json"', '"../../etc/passwd"')
    (copy / "manifest.json").write_text(text)
    assert "manifest.json: '../../etc/passwd' is no file of a bundle" in read_bundle(copy).problems


def test_a_symbolic_link_is_not_followed(bundle: Path, copy: Path) -> None:
    (copy / "attempts.jsonl").unlink()
    (copy / "attempts.jsonl").symlink_to(bundle / "attempts.jsonl")
    read = read_bundle(copy)
    assert read.sessions == ()
    assert "attempts.jsonl: a symbolic link, which no bundle holds" in read.problems


def test_bundles_are_found_below_any_directory_and_each_counts_once(bundle: Path, tmp_path: Path) -> None:
    deep = tmp_path / "artifacts" / "one"
    shutil.copytree(bundle, deep / bundle.name)
    found = read_bundles([tmp_path, deep, deep / bundle.name])
    assert [b.name for b in found] == [bundle.name]


def test_an_artifact_unpacked_flat_is_a_bundle_too(bundle: Path, tmp_path: Path) -> None:
    flat = tmp_path / "downloads"
    shutil.copytree(bundle, flat)
    (found,) = read_bundles([flat])
    assert (found.shard, found.shards, found.attempt, found.problems) == (1, 1, 1, ())


def test_a_bundle_in_the_directory_of_another_shard_is_damaged(bundle: Path, tmp_path: Path) -> None:
    other = tmp_path / "shard-2-of-2-attempt-1"
    shutil.copytree(bundle, other)
    (problem,) = read_bundle(other).problems
    assert problem == f"its directory is named {other.name!r}, its manifest says {bundle.name!r}"


def test_an_empty_upload_is_known_by_its_name(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "shard-1-of-1-attempt-1").mkdir()
    report = merge(read_bundles([tmp_path]), plan_of(bundle))
    assert report.reasons[0].startswith("shard 1 is truncated: no such file: manifest.json")


def test_the_plan_that_all_bundles_carry_is_read_once(bundle: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree(bundle, tmp_path / name / bundle.name)
    one, two = read_bundles([tmp_path])
    assert one.plan is two.plan is not None
