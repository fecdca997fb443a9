"""Each rule of GitHub's storage that bites, kept by our stand-ins."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from runner.job import RUN, Job, Used


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path / "job")


def uploaded(job: Job, *names: str) -> list[str]:
    """Upload an artifact of one file for each name and return their ids."""
    ids = []
    for name in names:
        job.write(f"made/{name}/{name}.txt")
        ids.append(job.use("upload-artifact", name=name, path=f"made/{name}").outputs["artifact-id"])
    return ids


# --- upload-artifact


@pytest.mark.parametrize("name", [*'":<>|*?/\\', "\n", "\r"])
def test_an_artifact_name_with_a_forbidden_character_is_refused(job: Job, name: str) -> None:
    used = job.write("a").use("upload-artifact", name=f"x{name}y", path="a")
    assert (used.code, job.store.names(RUN)) == (1, [])
    assert "The artifact name is not valid" in used.log


def test_a_file_name_with_a_forbidden_character_is_refused(job: Job) -> None:
    used = job.write("out/a:b.txt").use("upload-artifact", path="out")
    assert (used.code, used.log) == (
        1,
        "::error::The path for one of the files in artifact is not valid: a:b.txt\n",
    )


def test_the_same_name_twice_in_a_run_is_a_conflict_even_in_another_attempt(job: Job) -> None:
    uploaded(job, "a")
    used = job.use("upload-artifact", name="a", path="made")
    assert used.code == 1
    assert "(409) Conflict: an artifact with this name already exists on the workflow run" in used.log
    assert job.use("upload-artifact", name="a", path="made", overwrite="true").code == 0
    job.run_id += 1
    assert job.use("upload-artifact", name="a", path="made").code == 0


def test_ids_count_up_and_digests_are_the_zips(job: Job) -> None:
    assert uploaded(job, "a", "b") == ["1001", "1002"]
    again = job.use("upload-artifact", name="c", path="made")
    assert again.outputs == {
        "artifact-id": "1003",
        "artifact-digest": hashlib.sha256(job.store.zip(RUN, "c")).hexdigest(),
        "artifact-url": f"https://github.com/org/user/actions/runs/{RUN}/artifacts/1003",
    }


def test_hidden_files_are_dropped_unless_asked_for(job: Job) -> None:
    job.write("out/a", "out/.hidden", "out/.git/config", "out/sub/.b")
    job.use("upload-artifact", name="without", path="out")
    job.use("upload-artifact", name="with", path="out", include_hidden_files="true")
    assert list(job.store.files(RUN, "without")) == ["a"]
    assert list(job.store.files(RUN, "with")) == [".git/config", ".hidden", "a", "sub/.b"]


def test_a_hidden_directory_above_the_path_does_no_harm_but_as_the_path_it_does(job: Job) -> None:
    job.write(".ci/out/a")
    assert job.use("upload-artifact", name="below", path=".ci/out").code == 0
    assert job.use("upload-artifact", name="itself", path=".ci", if_no_files_found="error").code == 1


@pytest.mark.parametrize(
    ("mode", "code", "level"), [("warn", 0, "::warning::"), ("error", 1, "::error::"), ("ignore", 0, "")]
)
def test_no_files_is_a_warning_an_error_or_nothing(job: Job, mode: str, code: int, level: str) -> None:
    used = job.use("upload-artifact", path="nowhere", if_no_files_found=mode)
    assert (used.code, used.log.partition("No files")[0], used.outputs) == (code, level, {})


def test_a_directory_uploads_its_content_and_a_file_itself_also_outside_the_workspace(job: Job) -> None:
    job.write("../temp/out/deep/a", "../temp/out/b")
    job.use("upload-artifact", name="directory", path=f"{job.temp}/out")
    job.use("upload-artifact", name="file", path=f"{job.temp}/out/deep/a")
    assert list(job.store.files(RUN, "directory")) == ["b", "deep/a"]
    assert list(job.store.files(RUN, "file")) == ["a"]


def test_several_paths_start_at_their_least_common_ancestor(job: Job) -> None:
    job.write("../temp/one/a", "../temp/two/deep/b", "../temp/two/c")
    job.use("upload-artifact", path=f"{job.temp}/one/a\n{job.temp}/two/**/b\n")
    assert list(job.store.files(RUN, "artifact")) == ["one/a", "two/deep/b"]


def test_wildcards_and_exclusions(job: Job) -> None:
    job.write("out/a.xml", "out/b.txt", "out/sub/c.xml", "out/sub/not.xml")
    job.use("upload-artifact", name="star", path="out/*.xml")
    job.use("upload-artifact", name="deep", path="out/**/*.xml\n!out/sub/not.xml")
    assert list(job.store.files(RUN, "star")) == ["a.xml"]
    assert list(job.store.files(RUN, "deep")) == ["a.xml", "sub/c.xml"]


@pytest.mark.parametrize(("action", "given"), [("upload-artifact", {}), ("cache/save", {"key": "k"})])
def test_a_path_that_leads_up_is_refused(job: Job, action: str, given: dict[str, str]) -> None:
    used = job.write("../temp/out/a").use(action, path="../temp/out", **given)
    assert used.code == 1
    assert "Invalid pattern '../temp/out'. Relative pathing '.' and '..' is not allowed." in used.log


# --- download-artifact


def test_one_artifact_by_name_is_extracted_flat(job: Job) -> None:
    uploaded(job, "a", "b")
    used = job.use("download-artifact", name="a", path="in")
    assert (used.outputs, job.files("in")) == ({"download-path": str(job.workspace / "in")}, ["a.txt"])


@pytest.mark.parametrize(("pattern", "files"), [("a*", ["a1/a1.txt", "a2/a2.txt"]), ("b*", ["b.txt"])])
def test_several_by_pattern_get_a_directory_each_but_a_single_match_is_flat(
    job: Job, pattern: str, files: list[str]
) -> None:
    uploaded(job, "a1", "a2", "b")
    job.use("download-artifact", pattern=pattern, path="in")
    assert job.files("in") == files


def test_merge_multiple_joins_them(job: Job) -> None:
    uploaded(job, "a", "b")
    job.use("download-artifact", path=str(job.temp / "in"), merge_multiple="true")
    assert job.files("../temp/in") == ["a.txt", "b.txt"]


def test_no_match_by_pattern_is_a_success_by_name_and_by_ids_an_error(job: Job) -> None:
    uploaded(job, "a")
    none = job.use("download-artifact", pattern="z*")
    assert (none.code, none.log) == (0, "Total of 0 artifact(s) downloaded\n")
    by_name = job.use("download-artifact", name="z")
    assert (by_name.code, by_name.log) == (
        1,
        "::error::Unable to download artifact(s): Artifact not found for name: z\n",
    )
    assert job.use("download-artifact", artifact_ids="99").code == 1


def test_by_ids_the_missing_are_warned_of_and_a_single_one_is_flat(job: Job) -> None:
    first, second, _ = uploaded(job, "a", "b", "c")
    job.use("download-artifact", artifact_ids=f"{first}, {second}", path="two")
    used = job.use("download-artifact", artifact_ids=f"{second},99", path="one")
    assert (job.files("two"), job.files("one")) == (["a/a.txt", "b/b.txt"], ["b.txt"])
    assert "::warning::Could not find the following artifact IDs: 99\n" in used.log


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"artifact_ids": "x1"}, "Invalid artifact ID: 'x1'. Must be a number."),
        ({"artifact_ids": " , "}, "No valid artifact IDs provided in 'artifact-ids' input"),
        ({"name": "a", "artifact_ids": "1"}, "Inputs 'name' and 'artifact-ids' cannot be used together."),
        ({"github_token": "t", "repository": "org/other"}, "Not Found: org/other"),
    ],
)
def test_inputs_that_make_no_sense_are_refused(job: Job, inputs: dict[str, str], reason: str) -> None:
    used = job.use("download-artifact", **inputs)
    assert (used.code, reason in used.log) == (1, True)


def test_another_runs_artifacts_need_a_token(job: Job) -> None:
    uploaded(job, "a")
    later = Job(job.root, run_id=8)
    assert later.use("download-artifact", name="a", run_id=str(RUN)).code == 1
    assert later.use("download-artifact", name="a", run_id=str(RUN), github_token="t", path="in").code == 0
    assert later.files("in") == ["a.txt"]


# --- damage


def test_a_deleted_artifact_is_gone_and_a_foreign_one_is_there(job: Job) -> None:
    uploaded(job, "a", "b")
    job.store.delete(RUN, "a")
    job.store.add(RUN, "foreign", {"x/y": b"z"})
    job.use("download-artifact", path="in")
    assert job.files("in") == ["b/b.txt", "foreign/x/y"]


def test_a_truncated_or_rewritten_file_arrives_so(job: Job) -> None:
    (number,) = uploaded(job, "a")
    job.store.truncate(RUN, "a", "a.txt", 4)
    assert job.store.artifact(RUN, "a").id == int(number)
    job.store.rewrite(RUN, "a", "more", b"other")
    assert job.use("download-artifact", name="a", path="in").code == 0
    assert {name: (job.workspace / "in" / name).read_text() for name in job.files("in")} == {
        "a.txt": "made",
        "more": "other",
    }


@pytest.mark.parametrize(("mode", "code"), [("error", 1), ("warn", 0)])
def test_a_zip_that_was_changed_in_the_storage_fails_by_its_digest(job: Job, mode: str, code: int) -> None:
    uploaded(job, "a")
    job.store.damage(RUN, "a")
    used = job.use("download-artifact", name="a", digest_mismatch=mode)
    assert (used.code, "digest validation failed" in used.log) == (code, True)


def test_a_download_fails_as_often_as_it_is_told_to(job: Job) -> None:
    uploaded(job, "a")
    job.store.fail_downloads("a", times=1)
    assert [job.use("download-artifact", name="a").code for _ in range(2)] == [1, 0]


# --- cache


def saved(job: Job, key: str, content: str = "", path: str = "kept") -> Used:
    (job.workspace / "kept").mkdir(parents=True, exist_ok=True)
    (job.workspace / "kept" / "f").write_text(content or key)
    return job.use("cache/save", path=path, key=key)


def restored(job: Job, key: str, *prefixes: str, path: str = "kept") -> tuple[dict[str, str], str]:
    """Return the outputs without the primary key, and what is in the file afterwards."""
    file = job.workspace / "kept" / "f"
    file.unlink(missing_ok=True)
    used = job.use("cache/restore", path=path, key=key, restore_keys="\n".join(prefixes))
    assert (used.code, used.outputs.pop("cache-primary-key")) == (0, key)
    return used.outputs, file.read_text() if file.exists() else ""


def test_the_newest_of_a_prefix_is_restored_and_an_exact_key_wins(job: Job) -> None:
    for key in ("d-1", "d-2", "d-1-and-more", "e-1"):
        saved(job, key)
    assert restored(job, "d-9", "d-2", "d-") == ({"cache-hit": "false", "cache-matched-key": "d-2"}, "d-2")
    assert restored(job, "d-9", "d-") == ({"cache-hit": "false", "cache-matched-key": "d-1-and-more"}, "d-1-and-more")
    assert restored(job, "d-1", "d-") == ({"cache-hit": "true", "cache-matched-key": "d-1"}, "d-1")
    assert restored(job, "d-9", "x-", "e-") == ({"cache-hit": "false", "cache-matched-key": "e-1"}, "e-1")
    assert restored(job, "z") == ({}, "")


def test_a_key_cannot_be_saved_twice_and_that_only_warns(job: Job) -> None:
    saved(job, "d-1", "old")
    used = saved(job, "d-1", "new")
    assert (used.code, "::warning::Failed to save: Unable to reserve cache with key d-1" in used.log) == (0, True)
    assert restored(job, "d-1")[1] == "old"


def test_a_save_that_is_refused_or_has_nothing_to_save_only_warns(job: Job) -> None:
    nothing = job.use("cache/save", path="nowhere", key="d-1")
    job.store.refuse_cache_saves()
    refused = saved(job, "d-2")
    assert [(used.code, used.log[:11]) for used in (nothing, refused)] == [(0, "::warning::")] * 2
    assert job.store.caches() == []


def test_a_branch_sees_its_own_its_base_and_the_default_branch(job: Job) -> None:
    pull = Job(job.root, ref="refs/pull/2/merge", base="release")
    saved(pull, "d-pull")
    assert restored(job, "d-", "d-") == ({}, "")
    assert restored(Job(job.root, ref="refs/pull/3/merge", base="main"), "d-", "d-") == ({}, "")
    saved(job, "d-main")
    assert restored(Job(job.root, ref="refs/pull/3/merge", base="release"), "d-", "d-")[1] == "d-main"
    saved(Job(job.root, ref="refs/heads/release"), "d-release")
    assert restored(Job(job.root, ref="refs/pull/3/merge", base="release"), "d-", "d-")[1] == "d-release"
    assert restored(pull, "d-", "d-")[1] == "d-pull"


def test_the_text_of_the_path_is_part_of_the_identity_but_not_where_the_job_ran(job: Job) -> None:
    saved(job, "d-1", path="kept")
    assert restored(job, "d-1", path="./kept") == ({}, "")
    saved(job, "d-2", path=f"{job.workspace}/kept")
    elsewhere = Job(job.root.parent / "elsewhere")
    assert restored(elsewhere, "d-2", path=f"{elsewhere.workspace}/kept")[1] == "d-2"


@pytest.mark.parametrize("key", ["", "a,b", "k" * 513])
def test_a_bad_key_is_an_error(job: Job, key: str) -> None:
    assert job.write("kept/f").use("cache/save", path="kept", key=key).code == 1
    assert job.use("cache/restore", path="kept", key=key).code == 1


def test_a_miss_fails_when_asked_to(job: Job) -> None:
    assert job.use("cache/restore", path="kept", key="k", fail_on_cache_miss="true").code == 1
