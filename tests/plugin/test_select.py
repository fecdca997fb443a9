"""What a shard selects, what it never imports, and what it says it met."""

from __future__ import annotations

import shutil

import pytest
from project import Project, piece, whole

from ci_tools.model.run import FileState

THREE = "def test_1(): pass\ndef test_2(): pass\ndef test_3(): pass\n"
BOMB = "raise SystemExit('imported by a shard that does not own it')\n"


def states(project: Project, shard: str, *arguments: str, n: str = "0") -> dict[str, str]:
    return {name: file.state.value for name, file in project.run(shard, *arguments, n=n).files.items()}


@pytest.mark.parametrize("n", ["0", "2"])
@pytest.mark.parametrize("mode", ["prepend", "append", "importlib"])
def test_a_file_of_another_shard_is_never_imported(project: Project, mode: str, n: str) -> None:
    project.write(tests__test_mine=THREE, tests__test_theirs=BOMB)
    project.write_plan([whole("tests/test_mine.py")], [whole("tests/test_theirs.py")])
    ran = project.run("1/2", f"--import-mode={mode}", n=n)
    assert ran.code == 0, ran.output
    assert set(ran.outcomes) == {f"tests/test_mine.py::test_{i}" for i in (1, 2, 3)}
    assert ran.files["tests/test_theirs.py"].state is FileState.LEFT


@pytest.mark.parametrize(
    "arguments", [["tests/test_mine.py", "tests/test_theirs.py"], ["tests/test_theirs.py::test_1", "tests"]]
)
def test_not_even_when_it_is_named_on_the_command_line(project: Project, arguments: list[str]) -> None:
    project.write(tests__test_mine=THREE, tests__test_theirs=BOMB)
    project.write_plan([whole("tests/test_mine.py")], [whole("tests/test_theirs.py")])
    ran = project.run("1/2", *arguments)
    assert ran.code == 0, ran.output
    assert len(ran.outcomes) == 3
    assert ran.files["tests/test_theirs.py"].state is FileState.LEFT


@pytest.mark.parametrize("n", ["0", "2"])
def test_a_cut_file_is_shared_by_node_id(project: Project, n: str) -> None:
    project.write(test_a=THREE + "class TestX:\n    def test_4(self): pass\n")
    file = "test_a.py"
    project.write_plan([piece(file, "test_1")], [piece(file, "test_2", "TestX::test_4")], [piece(file, "test_3")])
    runs = [project.run(f"{shard}/3", n=n) for shard in (1, 2, 3)]
    assert [sorted(ran.outcomes) for ran in runs] == [
        [f"{file}::test_1"],
        [f"{file}::TestX::test_4", f"{file}::test_2"],
        [f"{file}::test_3"],
    ]
    assert runs[0].files[file].left == (f"{file}::test_2", f"{file}::test_3", f"{file}::TestX::test_4")
    assert project.merge().conclusion.value == "passed"


def test_new_files_tests_and_parameters_have_exactly_one_owner(project: Project) -> None:
    project.write(
        test_cut="""
        import pytest
        def test_1(): pass
        @pytest.mark.parametrize("p", ["known", "new", "a::b", "x]["])
        def test_2(p): pass
        def test_new(): pass
        class TestNew:
            def test_new(self): pass
        """,
        test_new=THREE,
    )
    project.write_plan([piece("test_cut.py", "test_1")], [piece("test_cut.py", "test_2[known]")], [])
    for shard in (1, 2, 3):
        project.run(f"{shard}/3")
    report = project.merge()
    assert report.conclusion.value == "passed", report.reasons
    assert len(report.cases) == 10
    assert report.unplanned == (
        "test_cut.py::TestNew::test_new",
        "test_cut.py::test_2[a::b]",
        "test_cut.py::test_2[new]",
        "test_cut.py::test_2[x][]",
        "test_cut.py::test_new",
        "test_new.py",
    )
    homes = {case.nodeid: case.shard for case in report.cases}
    assert homes["test_cut.py::test_2[new]"] == homes["test_cut.py::test_2[known]"] == 2


def test_what_the_project_ignores_or_deselects_is_not_lost(project: Project) -> None:
    project.write(
        conftest="""
        collect_ignore = ["test_ignored.py", "ignored"]
        def pytest_collection_modifyitems(items):
            items[:] = [item for item in items if item.name != "test_dropped"]
        """,
        test_ignored=BOMB,
        ignored__test_below=BOMB,
        test_a="""
        import pytest
        def test_kept(): pass
        def test_dropped(): pass
        @pytest.mark.slow
        def test_slow(): pass
        """,
        test_module_skip="import pytest\npytest.skip('no database', allow_module_level=True)\n",
    )
    project.write_path("pytest.ini", "[pytest]\nmarkers = slow\naddopts = -m 'not slow'\n")
    project.plan(1)
    ran = project.run()
    report = project.merge()
    assert report.conclusion.value == "passed", report.reasons
    assert [case.nodeid for case in report.cases] == ["test_a.py::test_kept"]
    assert report.deselected == ("test_a.py::test_dropped", "test_a.py::test_slow")
    assert report.ignored == ("ignored/test_below.py", "test_ignored.py")
    assert report.skipped_modules == ("test_module_skip.py",)
    assert ran.files["test_module_skip.py"].reason == "Skipped: no database"


def test_a_planned_file_that_vanished_is_gone_and_one_that_pytest_does_not_reach_is_not_run(project: Project) -> None:
    project.write(tests__test_a=THREE, other__test_b=THREE)
    project.write_plan([whole("tests/test_a.py"), whole("tests/test_gone.py"), whole("other/test_b.py")])
    assert states(project, "1/1", "tests") == {
        "tests/test_a.py": "seen",
        "tests/test_gone.py": "absent",
        "other/test_b.py": "unreached",
    }
    report = project.merge()
    assert report.conclusion.value == "incomplete"
    assert report.gone == ("tests/test_gone.py",)
    assert [(m.name, m.why) for m in report.not_run] == [
        (
            "other/test_b.py",
            (
                "planned for shard 1, but its pytest command doesn't reach this file: plan with the same paths, "
                "or set testpaths"
            ),
        )
    ]


@pytest.mark.parametrize("n", ["0", "2"])
def test_node_ids_are_relative_to_rootdir_wherever_pytest_is_called(project: Project, n: str) -> None:
    project.write_path("pytest.ini", "[pytest]\n").write(sub__deep__test_a=THREE, sub__test_b=BOMB)
    project.write_plan([whole("sub/deep/test_a.py")], [whole("sub/test_b.py")])
    project.cwd = project.root / "sub"
    ran = project.run("1/2", n=n)
    assert set(ran.outcomes) == {f"sub/deep/test_a.py::test_{i}" for i in (1, 2, 3)}
    assert ran.files["sub/test_b.py"].state is FileState.LEFT


@pytest.mark.parametrize("n", ["0", "2"])
def test_doctests_and_items_that_are_not_python_are_tests_too(project: Project, n: str) -> None:
    project.write_path("pytest.ini", "[pytest]\naddopts = --doctest-modules --doctest-glob=*.rst\n")
    project.write_path("guide.rst", ">>> 1 + 1\n2\n").write_path("cases/a.case", "good\nbad/one::two\n")
    project.write(
        conftest="""
        import pytest

        def pytest_collect_file(file_path, parent):
            if file_path.suffix == ".case":
                return CaseFile.from_parent(parent, path=file_path)

        class CaseFile(pytest.File):
            def collect(self):
                for line in self.path.read_text().split():
                    yield CaseItem.from_parent(self, name=line)

        class CaseItem(pytest.Item):
            def runtest(self):
                assert self.name == "good"
            def repr_failure(self, excinfo):
                return "not a good case"
        """,
        module='def f():\n    """\n    >>> f()\n    3\n    """\n    return 3\n',
        test_a=THREE,
    )
    project.plan(2)
    for shard in ("1/2", "2/2"):
        project.run(shard, n=n)
    report = project.merge()
    assert {case.nodeid: case.outcome.value for case in report.cases} == {
        "guide.rst::guide.rst": "passed",
        "module.py::module.f": "passed",
        "cases/a.case::good": "passed",
        "cases/a.case::bad/one::two": "failed",
        **{f"test_a.py::test_{i}": "passed" for i in (1, 2, 3)},
    }
    assert report.conclusion.value == "failed"
    assert next(c for c in report.cases if c.outcome.is_bad).final.text.endswith("not a good case")


def test_a_node_id_that_two_tests_share_is_named(project: Project) -> None:
    project.write(
        conftest="""
        import pytest
        def pytest_collection_modifyitems(items):
            items.append(items[0])
        """,
        test_a=THREE,
    )
    project.run()
    report = project.merge()
    assert report.conclusion.value == "passed"
    assert report.notes[-1] == "1 node id used by several tests: 'test_a.py::test_1'"


def test_the_group_that_loadgroup_appends_is_no_part_of_the_id(project: Project) -> None:
    project.write(
        test_a="""
        import pytest
        @pytest.mark.xdist_group("one")
        @pytest.mark.parametrize("p", ["a@b", "c"])
        def test_1(p): pass
        def test_2(): pass
        """
    )
    ran = project.run("1/1", "--dist", "loadgroup", n="2")
    assert set(ran.outcomes) == {"test_a.py::test_1[a@b]", "test_a.py::test_1[c]", "test_a.py::test_2"}
    assert project.merge().conclusion.value == "passed"


def test_a_shard_without_tests_is_a_success_that_says_so(project: Project) -> None:
    project.write(test_a=THREE)
    project.write_plan([whole("test_a.py")], [])
    for n in ("0", "2"):
        project.run("1/2", n=n)
        ran = project.run("2/2", n=n)
        assert ran.code == 0, ran.output
        assert "shard 2/2: is empty: no test of the suite falls to it" in ran.output
        report = project.merge()
        assert report.conclusion.value == "passed", report.reasons
        assert [shard.state.value for shard in report.shards] == ["ok", "empty"]
        shutil.rmtree(project.root / "bundles")


def test_a_suite_without_any_test_is_not_green(project: Project) -> None:
    project.write(test_a="x = 1\n")
    project.run()
    report = project.merge()
    assert report.conclusion.value == "incomplete"
    assert report.reasons == ("no test ran at all",)


def test_pieces_of_one_file_are_units_of_their_own_under_loadfile(project: Project) -> None:
    names = [f"test_{i}" for i in range(4)]
    project.write(test_a="import time\n" + "".join(f"def {name}(): time.sleep(0.3)\n" for name in names))
    project.write_plan([piece("test_a.py", *names[:2]), piece("test_a.py", *names[2:])])
    ran = project.run("1/1", "--dist=loadfile", n="2")
    workers = {attempt.nodeid[-1]: attempt.worker for attempt in ran.attempts}
    assert workers["0"] == workers["1"] and workers["2"] == workers["3"] and workers["0"] != workers["2"]


def test_the_longest_unit_is_handed_out_first(project: Project) -> None:
    project.write(test_a="def test_a(): pass", test_b="def test_b(): pass", test_c="def test_c(): pass")
    project.write_plan([whole("test_a.py", 1), whole("test_b.py", 3), whole("test_c.py", 2)])
    ran = project.run("1/1", "--dist=loadfile", n="1")
    assert [attempt.nodeid for attempt in ran.attempts] == [f"test_{c}.py::test_{c}" for c in "bca"]
