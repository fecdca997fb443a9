"""JUnit files of every dialect, with what must be read in them: node id → the outcomes of its attempts, in order.

Each was written after a real file of that tool, or after its documentation.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.data import data


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A file's bytes, the checkout's files, and the expected index. `problem` is the only one."""

    content: bytes
    tests: dict[str, str]
    files: tuple[str, ...] = ()
    skipped_modules: tuple[str, ...] = ()
    problem: str = ""
    decides: dict[str, str] = field(default_factory=dict)  # where the last attempt doesn't


def pytest_xml(cases: str, attributes: str = "", files: tuple[str, ...] = ("tests/test_a.py",)) -> bytes:
    """Return a file as pytest writes it, around the cases."""
    suite = f'<testsuites name="pytest tests"><testsuite name="pytest"{attributes}>{cases}</testsuite></testsuites>'
    return f'<?xml version="1.0" encoding="utf-8"?>{suite}'.encode()


A = 'classname="tests.test_a" name="test_a"'
FILES = ("tests/test_a.py",)
TEST = "tests/test_a.py::test_a"
CRASH = "worker 'gw0' crashed while running '{}'"


def case(inner: str = "", named: str = A) -> str:
    return f'<testcase {named} time="0.001">{inner}</testcase>'


def pytest_sample(cases: str, outcomes: str, **fields: object) -> Sample:
    """Return a sample of one test, test_a."""
    return Sample(content=pytest_xml(cases), tests={TEST: outcomes}, files=FILES, **fields)  # type: ignore[arg-type]


ACCENT = '<testsuite><testcase classname="a" name="é"/></testsuite>'
FAILURE = '<failure message="assert 0">E   assert 0</failure>'
TEARDOWN = "<error message='failed on teardown with \"x\"'>E   x</error>"

OWN = {
    "pytest-pass": pytest_sample(case(), "passed"),
    "pytest-fail": pytest_sample(case(FAILURE), "failed"),
    "pytest-skip": pytest_sample(case('<skipped type="pytest.skip" message="no">a.py:1: no</skipped>'), "skipped"),
    "pytest-xfail": pytest_sample(case('<skipped type="pytest.xfail" message="" />'), "xfailed"),
    "pytest-setup-error": pytest_sample(case("<error message='failed on setup with \"x\"'>E   x</error>"), "error"),
    "pytest-fail-and-teardown-error": pytest_sample(case(FAILURE) + case(TEARDOWN), "failed"),
    "pytest-subtests": pytest_sample(
        case(FAILURE * 2 + '<failure message="contains 2 failed subtests">x</failure>'), "failed"
    ),
    "pytest-properties-and-output": pytest_sample(
        case('<properties><property name="k" value="v"/></properties><system-out>FAILED</system-out>'), "passed"
    ),
    "xdist-crash": pytest_sample(
        case(f'<error message="failed on setup with &quot;{CRASH.format(TEST)}&quot;">x</error>'), "crashed"
    ),
    "xdist-crash-names-the-test": Sample(
        content=pytest_xml(
            case(f'<error message="{CRASH.format("x/test_b.py::T::test_b")}"/>', 'classname="x.test_b.T" name="test_b"')
        ),
        tests={"x/test_b.py::T::test_b": "crashed"},
    ),
    "collection-error": Sample(
        content=pytest_xml(case('<error message="collection failure">x</error>', 'classname="" name="tests.test_a"')),
        tests={"tests/test_a.py": "error"},
        files=FILES,
    ),
    "module-skip": Sample(
        content=pytest_xml(
            case('<skipped message="collection skipped">x</skipped>', 'classname="" name="tests.test_a"')
        ),
        tests={},
        files=FILES,
        skipped_modules=("tests/test_a.py",),
    ),
    "internal-error": Sample(
        content=pytest_xml(
            case('<error message="internal error">x\nValueError: boom</error>', 'classname="pytest" name="internal"')
        ),
        tests={},
        problem="internal error in pytest: ValueError: boom",
    ),
    "rerunfailures-ghosts-then-pass": pytest_sample(case() * 3, "unknown unknown passed"),
    "rerunfailures-ghosts-then-fail": pytest_sample(case() * 2 + case(FAILURE), "unknown unknown failed"),
    "fail-then-pass": pytest_sample(case(FAILURE) + case(), "failed passed", decides={TEST: "failed"}),
    "pass-then-fail": pytest_sample(case() + case(FAILURE) + case(TEARDOWN), "unknown failed"),
    "fail-ghost-pass": pytest_sample(case(FAILURE) + case() * 2, "failed unknown passed", decides={TEST: "failed"}),
    "xunit1": Sample(
        content=pytest_xml(
            case(named='classname="tests.test_a.TestT" name="test_b[x::y]" file="tests/test_a.py" line="3"')
        ),
        tests={"tests/test_a.py::TestT::test_b[x::y]": "passed"},
    ),
    "xunit1-inherited": Sample(
        content=pytest_xml(case(named='classname="tests.test_a.TestT" name="test_b" file="lib/base.py" line="3"')),
        tests={"tests/test_a.py::TestT::test_b": "passed"},
        files=FILES,
    ),
    "old-root": Sample(
        content=f'<testsuite name="pytest" skips="0">{case()}</testsuite>'.encode(), tests={TEST: "passed"}, files=FILES
    ),
    "unittest-xml": Sample(
        content=b'<testsuite name="TestA-2025">'
        b'<testcase classname="TestA" name="test_x" file="tests/test_lib.py" line="8">'
        b'<skipped type="XFAIL" message="expected failure"/></testcase></testsuite>',
        tests={"tests/test_lib.py::TestA::test_x": "xfailed"},
    ),
    "surefire-flaky": Sample(
        content=b'<testsuite name="a.FlakyTest" failures="2"><testcase name="t" classname="a.FlakyTest" time="0.5">'
        b'<flakyFailure message="m" type="E"><stackTrace><![CDATA[at x]]></stackTrace>'
        b"<system-out>o</system-out></flakyFailure>"
        b'<flakyError type="E"><stackTrace>at y</stackTrace></flakyError></testcase></testsuite>',
        tests={"a.FlakyTest::t": "failed error passed"},
    ),
    "surefire-rerun": Sample(
        content=b'<testsuite name="a.T"><testcase name="t" classname="a.T"><failure type="E">x</failure>'
        b"<system-out>o"
        b'</system-out><rerunFailure type="E"><stackTrace>y</stackTrace></rerunFailure></testcase></testsuite>',
        tests={"a.T::t": "failed failed"},
    ),
    "surefire-rerun-alone": Sample(
        content=b'<testsuite><testcase name="t" classname="a.T"><rerunError type="E"/></testcase></testsuite>',
        tests={"a.T::t": "error"},
    ),
    "surefire-class-error": Sample(
        content=b'<testsuite name="a.T"><testcase name="" classname="a.T"><error type="E">x</error></testcase>'
        b"</testsuite>",
        tests={"a.T": "error"},
    ),
    "gradle": Sample(
        content=b'<testsuite name="a.T" tests="1" skipped="1" failures="0" errors="0" time="1,234.5"><properties/>'
        b'<testcase name="t()" classname="a.T" time="-0.001"><skipped/></testcase><system-out>'
        b"<![CDATA[]]></system-out>"
        b"</testsuite>",
        tests={"a.T::t()": "skipped"},
    ),
    "jest": Sample(
        content=b'<testsuites name="jest tests"><testsuite name="sum" errors="0" failures="1">'
        b'<testcase classname="sum adds" '
        b'name="sum adds" time="0.01" file="src/sum.test.js"><failure>Error: expected</failure>'
        b"</testcase></testsuite></testsuites>",
        tests={"src/sum.test.js::sum adds::sum adds": "failed"},
    ),
    "mocha": Sample(
        content=b'<testsuites name="Mocha Tests"><testsuite name="Root Suite"/>'
        b'<testsuite name="Array" file="/app/test/a.js">'
        b'<testcase name="Array has" classname="has"/></testsuite></testsuites>',
        tests={"has::Array has": "passed"},
    ),
    "vitest": Sample(
        content=b'<testsuites><testsuite name="src/a.test.ts">'
        b'<testcase classname="src/a.test.ts" name="s &gt; t" time="0.1"/>'
        b"</testsuite></testsuites>",
        tests={"src/a.test.ts::s > t": "passed"},
        files=("src/a.test.ts",),
    ),
    "go": Sample(
        content=b'<testsuites><testsuite name="ex.com/p">'
        b'<testcase classname="ex.com/p" name="TestA/x" time="0.000">'
        b'<failure message="Failed" type=""><![CDATA[x]]></failure></testcase></testsuite></testsuites>',
        tests={"ex.com/p::TestA/x": "failed"},
    ),
    "nextest": Sample(
        content=b'<testsuites name="nextest-run"><testsuite name="krate">'
        b'<testcase name="m::t" classname="krate" time="0.1">'
        b'<flakyFailure message="thread panicked" type="test failure">out<system-out>o</system-out>'
        b"</flakyFailure></testcase>"
        b"</testsuite></testsuites>",
        tests={"krate::m::t": "failed passed"},
    ),
    "phpunit-nested": Sample(
        content=b'<testsuites><testsuite name="all"><testsuite name="A\\BTest"><testcase name="t" class="A\\BTest" '
        b'file="/app/BTest.php"/></testsuite></testsuite></testsuites>',
        tests={"A\\BTest::t": "passed"},
    ),
    "bats": Sample(
        content=b'<testsuites time="1"><testsuite name="a.bats">'
        b'<testcase classname="a.bats" name="adds" time="0"/></testsuite>'
        b"</testsuites>",
        tests={"a.bats::adds": "passed"},
    ),
    "googletest": Sample(
        content=b'<testsuites><testsuite name="S" disabled="1">'
        b'<testcase name="T" status="notrun" result="suppressed" '
        b'classname="S"/><testcase name="U" status="run" result="skipped" classname="S"/></testsuite></testsuites>',
        tests={"S::T": "skipped", "S::U": "skipped"},
    ),
    "status-failed-alone": Sample(
        content=b'<testsuite failures="1"><testcase name="T" classname="S" status="failed"/></testsuite>',
        tests={"S::T": "failed"},
    ),
    "case-below-testsuites": Sample(
        content=b'<testsuites><testcase classname="a" name="t"/></testsuites>', tests={"a::t": "passed"}
    ),
    "nested-suites-without-classname": Sample(
        content=b'<testsuites><testsuite name="all"><testsuite name="A"><testcase classname="" name="t">'
        b"<failure/></testcase>"
        b'</testsuite><testsuite name="B"><testcase name="t"/></testsuite></testsuite></testsuites>',
        tests={"all::A::t": "failed", "all::B::t": "passed"},
    ),
    "suite-error": Sample(
        content=b'<testsuite name="S"><error message="no database">x</error><testcase name="t" classname="S"/>'
        b"</testsuite>",
        tests={"S": "error", "S::t": "passed"},
    ),
    "our-own": Sample(
        content=b'<testsuite><testcase name="test_a" classname="tests.test_a" file="tests/test_a.py" time="1">'
        b"<failure "
        b'message="m" type="failed"/><rerunError type="crashed"><stackTrace>x</stackTrace></rerunError>'
        b"</testcase></testsuite>",
        tests={TEST: "crashed failed"},
    ),
    "bom-and-blank-lines": Sample(
        content=b"\xef\xbb\xbf\r\n \n" + pytest_xml(case()), tests={TEST: "passed"}, files=FILES
    ),
    "utf-16": Sample(
        content=f'<?xml version="1.0" encoding="utf-16"?>{ACCENT}'.encode("utf-16"),
        tests={"a::é": "passed"},
    ),
    "utf-8-that-says-utf-16": Sample(
        content=f'<?xml version="1.0" encoding="utf-16"?>{ACCENT}'.encode(),
        tests={"a::é": "passed"},
    ),
    "windows-1252": Sample(
        content=f'<?xml version="1.0" encoding="windows-1252"?>{ACCENT}'.encode("cp1252"),
        tests={"a::é": "passed"},
    ),
    "hides-its-failures": Sample(
        content=b'<testsuite name="S" tests="1" failures="2" errors="1"><testcase classname="a" name="t"/></testsuite>',
        tests={"a::t": "passed"},
        problem="line 1: suite 'S' counts 3 failures and shows none",
    ),
    "hides-its-tests": Sample(
        content=b'<testsuite name="S" tests="5"/>', tests={}, problem="line 1: suite 'S' counts 5 tests and shows none"
    ),
    "counts-that-disagree": Sample(
        content=pytest_xml(case(), ' tests="12622" errors="-1" failures="x"'), tests={TEST: "passed"}, files=FILES
    ),
    "cut-off": Sample(
        content=pytest_xml(case() + case(FAILURE, 'classname="tests.test_a" name="test_b"'))[:-20],
        tests={TEST: "passed", "tests/test_a.py::test_b": "failed"},
        files=FILES,
        problem="line 1: cut off (unclosed token)",
    ),
    "cut-off-behind-a-failure": Sample(
        content=f"<testsuite>\n{case()}\n<testcase {A}>{FAILURE}<system-out>x".encode(),
        tests={TEST: "unknown failed"},
        files=FILES,
        problem="line 3: cut off (no element found)",
    ),
    "bad-byte": Sample(
        content=f"<testsuite>\n{case()}\n<testcase name=\x00".encode(),
        tests={TEST: "passed"},
        files=FILES,
        problem="line 3: not well-formed XML (invalid token)",
    ),
    "empty": Sample(content=b"", tests={}, problem="empty"),
    "blank": Sample(content=b"\n \n", tests={}, problem="nothing but blanks"),
    "text": Sample(
        content=b"Error: no such file",
        tests={},
        problem="line 1: not well-formed XML (syntax error)",
    ),
    "another-root": Sample(
        content=b'<?xml version="1.0"?>\n<test-run id="2"/>',
        tests={},
        problem="line 2: its root is <test-run>: not JUnit",
    ),
    "html": Sample(
        content=b"<!DOCTYPE html><html>",
        tests={},
        problem="line 1: a document type: neither it nor its entities are read",
    ),
    "external-entity": Sample(
        content=b'<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        b"<testsuite>&e;</testsuite>",
        tests={},
        problem="line 2: a document type: neither it nor its entities are read",
    ),
    "unknown-entity": Sample(
        content=b"<testsuite>&e;</testsuite>", tests={}, problem="line 1: not well-formed XML (undefined entity)"
    ),
    "unread-encoding": Sample(
        content=b'<?xml version="1.0" encoding="shift_jis"?><testsuite/>',
        tests={},
        problem="line 1: encoding 'shift_jis' isn't read: write UTF-8",
    ),
}

P3 = ("p3/test_r.py",)
P4 = tuple(f"p4/test_{name}.py" for name in ("crash", "other", "col", "modskip"))
P10 = ("p10/[id]/test_x.py", "p10/test_g.py")
BASIC = (
    "tests/a/test_x/TestT.py",
    "tests/pkg.dotted/test_dots.py",
    "tests/sub/test_basic.py",
    "tests/test_basic.py",
    "tests/test_doc.txt",
)
_BAD = {
    "test_fail": "failed",
    "test_raise": "failed",
    "test_skip": "skipped",
    "test_xfail": "xfailed",
    "test_xpass_strict": "failed",
    "test_setup_err": "error",
    "test_teardown_err": "error",
    "test_fail_and_teardown_err": "failed",
    "test_imperative_skip": "skipped",
    "TestC::TestInner::test_m": "failed",
    "TU::test_ef": "xfailed",
    "TU::test_sub": "failed",
    "TU::test_us": "skipped",
}
_PARAMETERS = (
    "a",
    "a/b.py::c",
    "x[1]",
    "sp ace",
    r"\xe9",
    r"\u65e5\u672c",
    r"\x00\x07",
    "-1",
    "a.b",
    "",
    r"new\nline",
    "pipe|",
    "<b>",
    "@octocat",
    "]",
)
_ALL = (
    "test_ok",
    "test_xpass",
    "test_out",
    "test_props",
    "TestC::test_m",
    *(f"test_param[{p}]" for p in _PARAMETERS),
    "TestP::test_z[p::q-1]",
    "TestP::test_z[p::q-2]",
    "TestP::test_z[r-1]",
    "TestP::test_z[r-2]",
)
ALL_OUTCOMES = {
    "tests/a/test_x/TestT.py::test_y": "passed",
    "tests/pkg.dotted/test_dots.py::test_d": "passed",
    "tests/sub/test_basic.py::test_ok": "passed",
    "tests/test_doc.txt::test_doc.txt": "passed",
    **{f"tests/test_basic.py::{name}": "passed" for name in _ALL},
    **{f"tests/test_basic.py::{name}": outcome for name, outcome in _BAD.items()},
}
_IN_P = ("::", "[", "a[b", "x]::y[z")
DOCTESTS = {
    f"{file}::{name}": "passed"
    for file, module in (("sub/test_m2.py", "test_m2"), ("test_m.py", "test_m"))
    for name in (module, f"{module}.f", *(f"TestA::test_p[{p}]" for p in _IN_P))
}
GHOSTS = {
    "test_ok": "passed",
    "test_flaky": "unknown unknown passed",
    "test_always": "unknown unknown failed",
    "test_flaky_setup": "unknown passed",
    "test_flaky_teardown": "unknown passed",
    "test_slow_flaky": "unknown passed",
}


def _r(tests: dict[str, str]) -> dict[str, str]:
    return {f"p3/test_r.py::{name}": outcomes for name, outcomes in tests.items()}


_MUC = "corp.proj2.MultiUserChatRolesAffiliationsPrivilegesIntegrationTest::MultiUserIntegrationTest"
_MIKEPENZ = "other-tools/mikepenz__action-junit-report"
# path below data/junit → what is in it, by hand
_REAL: dict[str, dict[str, object]] = {
    "pytest-dialect-samples/dirname-with-brackets-loadgroup.xml": {
        "files": P10,
        "tests": dict.fromkeys(
            ("p10/[id]/test_x.py::test_a", "p10/test_g.py::test_2[1]", "p10/test_g.py::test_1"), "passed"
        ),
    },
    "pytest-dialect-samples/dist-each-duplicates.xml": {
        "files": P10,
        "tests": dict.fromkeys(
            ("p10/[id]/test_x.py::test_a", "p10/test_g.py::test_2[1]", "p10/test_g.py::test_1"), "unknown passed"
        ),
    },
    "pytest-dialect-samples/doctest-modules-params.xunit1.xml": {"tests": DOCTESTS},
    "pytest-dialect-samples/junit-prefix.xunit1.xml": {"tests": DOCTESTS},
    "pytest-dialect-samples/empty-collection-rc5.xml": {"tests": {}},
    "pytest-dialect-samples/flaky3.8.xml": {
        "files": P3,
        "tests": _r({**GHOSTS, "test_flaky_teardown": "error"}),
    },
    "pytest-dialect-samples/import-mismatch-collection-error.xml": {
        "files": ("a/test_x.py", "a/test_x/__init__.py"),
        "tests": {"a/test_x.py": "error"},
    },
    "pytest-dialect-samples/pytest-retry1.7.xml": {
        "files": P3,
        "tests": _r(
            {
                "test_ok": "passed",
                "test_flaky": "passed",
                "test_always": "failed",
                "test_flaky_setup": "error",
                "test_flaky_teardown": "error",
                "test_slow_flaky": "passed",
            }
        ),
    },
    "pytest-dialect-samples/pytest9.2-all-outcomes.xunit1.xml": {"tests": ALL_OUTCOMES},
    "pytest-dialect-samples/pytest9.2-all-outcomes.xunit2.xml": {"tests": ALL_OUTCOMES, "files": BASIC},
    "pytest-dialect-samples/rerunfailures12.0-pytest7.4.xml": {
        "files": P3,
        "tests": _r(
            {
                "test_ok": "passed",
                "test_flaky": "passed",
                "test_always": "failed",
                "test_flaky_setup": "passed",
                "test_flaky_teardown": "unknown passed",
                "test_slow_flaky": "passed",
            }
        ),
    },
    "pytest-dialect-samples/rerunfailures16.7-pytest9.2-xdist.xml": {"files": P3, "tests": _r(GHOSTS)},
    "pytest-dialect-samples/rerunfailures16.7-pytest9.2.xml": {"files": P3, "tests": _r(GHOSTS)},
    "pytest-dialect-samples/unescaped-ids-control-chars.xml": {
        "files": ("test_u.py",),
        "tests": {
            f"test_u.py::test_u[{p}]": "error" if p == "#xD800" else "passed"
            for p in ("日本", "é", "#x00", "\n", "#xD800", "\u202e", "a\tb", "\x85")
        },
    },
    "pytest-dialect-samples/xdist-timeout-thread-method.xml": {
        "files": ("p5/test_slow.py",),
        "tests": {
            "p5/test_slow.py::test_1": "passed",
            "p5/test_slow.py::test_2": "crashed",
            "p5/test_slow.py::test_3": "passed",
        },
    },
    "pytest-dialect-samples/xdist3.8-loadfile-crash-with-reruns.xml": {
        "files": P4,
        "tests": {
            "p4/test_crash.py::test_a": "passed",
            "p4/test_crash.py::test_crash": "crashed crashed crashed",
            "p4/test_crash.py::test_b": "passed",
        },
    },
    "pytest-dialect-samples/xdist3.8-loadfile-crash-worker.xml": {
        "files": P4,
        "tests": {
            "p4/test_col.py": "error",
            "p4/test_crash.py::test_a": "passed",
            "p4/test_other.py::test_o": "passed",
            "p4/test_crash.py::test_crash": " ".join(["crashed"] * 9),
            "p4/test_other.py::test_o2": "failed",
        },
        "skipped_modules": ("p4/test_modskip.py",),
    },
    "other-tools/dorny__test-reporter/python-xunit-pytest.xml": {
        "files": ("tests/test_lib.py",),
        "tests": {
            **{
                f"tests/test_lib.py::test_{name}": outcome
                for name, outcome in {
                    "always_pass": "passed",
                    "with_subtests": "passed",
                    "parameterized[param1]": "passed",
                    "parameterized[param2]": "passed",
                    "always_skip": "skipped",
                    "always_fail": "failed",
                    "expected_failure": "xfailed",
                    "error": "failed",
                    "with_record_property": "passed",
                }.items()
            },
            "custom_classname::test_with_record_xml_attribute": "passed",
        },
    },
    "other-tools/dorny__test-reporter/python-xunit-unittest.xml": {
        "tests": {
            f"tests/test_lib.py::TestAcme::test_{name}": outcome
            for name, outcome in {
                "always_pass": "passed",
                "parameterized_0_param1": "passed",
                "parameterized_1_param2": "passed",
                "with_subtests": "passed",
                "always_fail": "failed",
                "error": "error",
                "always_skip": "skipped",
                "expected_failure": "xfailed",
            }.items()
        },
    },
    "other-tools/jenkinsci__junit-plugin/gh-237/TEST-io.olamy.AlwaysFailTest.xml": {
        "tests": {"io.olamy.AlwaysFailTest::testApp": "failed failed failed failed"},
    },
    "other-tools/jenkinsci__junit-plugin/gh-237/TEST-io.olamy.FlakyTest.xml": {
        "tests": {"io.olamy.FlakyTest::testApp": "failed failed passed"},
    },
    f"{_MIKEPENZ}/corrupt-junit/e2e-tests/corrupt/target/sf-reports/TEST-test.CorruptTest.xml": {
        "tests": {"corrupt.CorruptTest::testEM": "failed"},
        "problem": "line 18: cut off (unclosed CDATA section)",
    },
    f"{_MIKEPENZ}/flaky_retries/flaky_all_failures.xml": {
        "tests": {"test_always_fails.TestAlwaysFails::test_always_fails": "failed failed error"},
        "decides": {"test_always_fails.TestAlwaysFails::test_always_fails": "failed"},
    },
    f"{_MIKEPENZ}/flaky_retries/flaky_success_first.xml": {
        "tests": {"test_order.TestOrder::test_success_first": "unknown failed error"},
        "decides": {"test_order.TestOrder::test_success_first": "failed"},
    },
    f"{_MIKEPENZ}/flaky_retries/flaky_with_classname_file.xml": {
        "files": ("test_foo.py", "test_bar.py", "test_baz.py"),
        "tests": {
            "test_foo.py::TestFoo::test_foo": "failed error passed",
            "test_bar.py::TestBar::test_foo": "passed",
            "test_baz.py::TestBaz::test_baz": "passed",
        },
        "decides": {"test_foo.py::TestFoo::test_foo": "failed"},
    },
    f"{_MIKEPENZ}/junit_flaky_failure/marathon_junit_report.xml": {
        "tests": {"com.mikepenz.Class::testFlakyFailure": "failed passed"},
    },
    f"{_MIKEPENZ}/junit_flaky_failure/mixed_flaky_and_passed.xml": {
        "tests": {
            "com.example.FlakyTest::testFlaky": "failed passed",
            "com.example.PassedTest::testPassed": "passed",
            "com.example.PassedTest::testAnotherPassed": "passed",
        },
    },
    f"{_MIKEPENZ}/maven_surefire_flaky/surefire-report.xml": {
        "tests": {
            "io.sodadata.dependson.soda.integrations.msteams.MicrosoftTeamsCrudTest::createWebhook": "failed passed"
        },
    },
    f"{_MIKEPENZ}/nested/junit.xml": {
        "tests": {
            "All tests::tests::packet::TestA::A": "failed",
            "All tests::tests::packet::TestA::B": "passed",
            "All tests::tests::packet::TestB::A": "passed",
            "All tests::tests::packet::TestB::B": "failed",
            "All tests::tests::packet::A": "failed",
        },
    },
    f"{_MIKEPENZ}/nested/multi-level.xml": {
        "tests": {
            "corp.proj.PingIntegrationTest::PingIntegrationTest.pingAsync (Normal)": "passed",
            "corp.proj.PingIntegrationTest::PingIntegrationTest.pingServer (Normal)": "passed",
            f"{_MUC}.mucRoleTestForReceivingModerator (Normal)": "passed",
        },
    },
}


def real() -> dict[str, Sample]:
    """Return the samples of other people's data, none where that isn't there."""
    top = data("junit")
    if top is None:
        return {}
    found = {path.relative_to(top).as_posix(): path for path in sorted(top.rglob("*.xml"))}
    assert sorted(found) == sorted(_REAL), "a file of data/junit without an expected index, or the other way round"
    return {name: Sample(content=found[name].read_bytes(), **known) for name, known in _REAL.items()}  # type: ignore[arg-type]


SAMPLES = {**OWN, **real()}
