"""`ci-tools`: parse, call one command, turn its errors into messages and exit codes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

# Only the chosen command's module is imported; `--version` needs none.
COMMANDS = {
    "plan": "decide which shard runs which test, and say how good that is",
    "run": "run one shard of a plan and leave a bundle",
    "merge": "prove that every test ran exactly once, from the bundles of all shards",
    "report": "write a merged run once more: as a page, Markdown, JUnit XML, a trace",
    "history": "say what earlier runs tell of the tests, or of one",
    "quarantine": "let a test fail for now: who looks after it, and until when",
    "local": "plan, run and merge here, on this machine",
    "audit": "name what keeps a suite's tests from running in parallel",
    "parallelize": "run a suite serially and in parallel, and compare test by test: go or no-go",
    "stability": "run a suite often, at several levels and orders, and say how sure its results are",
    "bisect": "find the test that makes another one fail, before it or beside it",
    "comment": "say the verdict on the pull request",
    "init": "write a workflow for GitHub Actions into this repository",
    "doctor": "name what in a repository's workflows and configuration loses tests or fails",
    "action": "the steps of action.yml",
}
EXIT_CODES = """\
exit codes: 0 yes · 1 the answer is no (tests failed) · 2 wrong usage · 3 could not be judged
(incomplete, broken, bad input) · 4 a bug in ci-tools"""


def main(argv: list[str] | None = None) -> int:
    """Run ci-tools; return its exit code."""
    words = sys.argv[1:] if argv is None else argv
    if words[:1] == ["--version"]:
        from ci_tools import __version__

        print(f"ci-tools {__version__}")
        return 0
    return _handled(words)


def _handled(words: list[str]) -> int:
    """The one error handler: no traceback for what a user can mend."""
    from ci_tools.cli.talk import error, guarded
    from ci_tools.model.errors import BUG, CiToolsError

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a lone surrogate in a node id must not end the run
            stream.reconfigure(errors="backslashreplace")
    with guarded():
        try:
            return _run(words)
        except CiToolsError as problem:
            error(problem.fact, hint=problem.hint)
            return problem.exit_code
        except KeyboardInterrupt:
            error("interrupted")
            return 130
        except BrokenPipeError:
            # Whoever read our output has gone (`ci-tools … | head`).
            sys.stderr.close()
            return 141
        except Exception:
            import traceback

            traceback.print_exc()
            error("this is a bug in ci-tools: please report it with the lines above")
            return BUG


def _run(words: list[str]) -> int:
    from importlib import import_module

    parser = _parser()
    if not words or words[0] not in COMMANDS:
        parser.parse_args(words or ["--help"])
        return 2
    name, own, command = words[0], *_split(words[1:])
    module = import_module(f"ci_tools.cli.{name}")
    command_parser = _command_parser(name)
    module.configure(command_parser)
    arguments = command_parser.parse_args(own)
    if command and not getattr(module, "TAKES_COMMAND", False):
        command_parser.error(f"unexpected arguments: -- {' '.join(command)}")
    arguments.command = tuple(command)
    code: int = module.run(arguments)
    return code


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Split at the first `--`: our own words, the user's command."""
    if "--" not in words:
        return words, []
    index = words.index("--")
    return words[:index], words[index + 1 :]


def _parser() -> argparse.ArgumentParser:
    import argparse

    width = max(map(len, COMMANDS))
    listing = "\n".join(f"  {name:{width}}  {summary}" for name, summary in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="ci-tools",
        usage="ci-tools COMMAND [OPTION…]",
        description="Shard a pytest suite, run it in parallel, prove that every test ran exactly once.",
        epilog=f"commands:\n{listing}\n\n`ci-tools COMMAND --help` has examples.\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="what to do, see below")
    return parser


def _command_parser(name: str) -> argparse.ArgumentParser:
    import argparse

    return argparse.ArgumentParser(
        prog=f"ci-tools {name}",
        description=f"{COMMANDS[name][0].upper()}{COMMANDS[name][1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
