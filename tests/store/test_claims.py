"""Claims: one at a time for each key. The seed of it: a queue with entries twice, and with those of the dead."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

from ci_tools.model.errors import CiToolsError
from ci_tools.store.claims import Claim, Claims

from .children import child, said_by, said_by_all

NAIVE = """
import json
queue = json.loads(path.read_text()) if path.exists() else []
say("ready"); wait()
with Lock(path.with_name("lock")):
    if "ACME" not in queue:
        path.write_text(json.dumps([*queue, "ACME"])); say(True)
    else: say(False)
"""
CLAIMING = "say('ready'); wait(); say(Claims(path).claim('ACME', owner='gw', ttl_s=60)); wait()"
CLAIM = "say(Claims(path).claim('ACME', owner='gw0', ttl_s=60)); wait()\n"
LAPSED_S = 1e-9


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "claims.json"


@pytest.fixture
def claims(path: Path) -> Claims:
    return Claims(path)


@pytest.mark.parametrize(
    ("program", "claimed"), [(NAIVE, ["True", "True"]), (CLAIMING, ["False", "True"])], ids=["naive", "claims"]
)
def test_of_two_processes_one_gets_the_key(path: Path, program: str, claimed: list[str]) -> None:
    path.parent.mkdir()
    with child(program, path) as one, child(program, path) as other:
        assert (one.says(), other.says()) == ("ready", "ready")
        assert sorted([one.asked(), other.asked()]) == claimed


def test_all_claims_at_once_and_each_key_has_one_owner(path: Path) -> None:
    program = """
claims = Claims(path)
say("ready"); wait()
say("".join(key for key in "abcdefghijklmnop" if claims.claim(key, owner="gw", ttl_s=60)))
"""
    said = said_by_all(3, program + "\nimport time\nwait()", path)
    assert set("".join(said)) == set("abcdefghijklmnop")


def test_a_key_is_claimed_once_and_again_after_its_release(claims: Claims) -> None:
    assert claims.claim("a", owner="gw0", ttl_s=60)
    assert not claims.claim("a", owner="gw0", ttl_s=60)
    assert not claims.claim("a", owner="gw1", ttl_s=60)
    assert claims.claim("b", owner="gw1", ttl_s=60)
    assert not claims.release("a", owner="gw1")
    assert claims.release("a", owner="gw0")
    assert not claims.release("a", owner="gw0")
    assert claims.claim("a", owner="gw1", ttl_s=60)


def test_a_claim_that_has_lapsed_is_taken_over_and_its_owner_learns_it(claims: Claims) -> None:
    assert claims.claim("a", owner="gw0", ttl_s=LAPSED_S)
    assert claims.claim("a", owner="gw1", ttl_s=60)
    assert not claims.renew("a", owner="gw0", ttl_s=60)
    assert not claims.release("a", owner="gw0")
    assert [claim.owner for claim in claims.peek()] == ["gw1"]


def test_a_claim_that_has_lapsed_does_not_hold_though_nobody_took_it_over(claims: Claims) -> None:
    assert claims.claim("a", owner="gw0", ttl_s=LAPSED_S)
    assert claims.peek() == ()
    assert not claims.renew("a", owner="gw0", ttl_s=60)
    assert not claims.release("a", owner="gw0")


def test_a_renewed_claim_holds_longer(claims: Claims) -> None:
    claims.claim("a", owner="gw0", ttl_s=60)
    assert claims.renew("a", owner="gw0", ttl_s=6000)
    (claim,) = claims.peek()
    assert claim == Claim("a", "gw0", claim.left_s)
    assert 60 < claim.left_s <= 6000


def test_a_claim_ends_with_its_owners_process(path: Path, claims: Claims) -> None:
    with child(CLAIM, path) as owner:
        assert owner.says() == "True"
        assert not claims.claim("ACME", owner="gw1", ttl_s=60)
        assert not claims.release("ACME", owner="gw0"), "another process has an owner of that name"
        owner.process.kill()
        owner.process.wait()
        assert claims.peek() == ()
        assert said_by(CLAIM.replace("; wait()", ""), path) == "True", "who looks whether one lives doesn't live for it"
        assert claims.claim("ACME", owner="gw1", ttl_s=60)


def test_a_directory_made_anew_has_new_claims_and_one_owner_of_each_key(path: Path, claims: Claims) -> None:
    for key, owner in (("mine", "gw1"), ("theirs", "gw0")):
        claims.claim("old", owner="gw1", ttl_s=60)
        shutil.rmtree(path.parent)
        assert key == "theirs" or claims.claim("ACME", owner="gw1", ttl_s=60)
        with child(CLAIM, path) as other:
            assert other.says() == str(key == "theirs")
            assert [claim.owner for claim in claims.peek()] == [owner]
            assert not claims.claim("ACME", owner="gw1", ttl_s=60)


def test_who_has_no_claim_keeps_no_file_open(tmp_path: Path) -> None:
    program = """
before = os.listdir("/proc/self/fd")
for number in range(3):
    claims = Claims(path / str(number) / "claims.json")
    claims.claim("a", owner="gw0", ttl_s=60), claims.claim("b", owner="gw0", ttl_s=60)
    claims.release("a", owner="gw0"), claims.release("b", owner="gw0")
say(os.listdir("/proc/self/fd") == before)
"""
    assert said_by(program, tmp_path) == "True"


def test_a_forked_child_has_none_of_the_claims(path: Path) -> None:
    program = """
claims = Claims(path)
claims.claim("a", owner="gw0", ttl_s=60)
if not os.fork():
    say([claims.release("a", owner="gw0"), claims.claim("a", owner="gw0", ttl_s=60)])
    say(claims.claim("b", owner="gw0", ttl_s=60))
    os._exit(0)
os.wait()
say([claim.key for claim in claims.peek()])
"""
    assert said_by(program, path) == "[False, False]\nTrue\n['a']"


def test_peek_changes_nothing(path: Path, claims: Claims) -> None:
    assert claims.peek() == ()
    assert not path.parent.exists() or list(path.parent.iterdir()) == []
    claims.claim("b", owner="gw0", ttl_s=60)
    claims.claim("a", owner="gw1", ttl_s=60)
    claims.claim("c", owner="gw1", ttl_s=LAPSED_S)
    before = path.read_bytes()
    assert [(claim.key, claim.owner) for claim in claims.peek()] == [("a", "gw1"), ("b", "gw0")]
    assert path.read_bytes() == before


def test_clear_ends_the_claims_of_all(path: Path, claims: Claims) -> None:
    with child(CLAIM, path) as owner:
        assert owner.says() == "True"
        claims.claim("a", owner="gw1", ttl_s=60)
        claims.clear()
        assert claims.peek() == ()
        assert claims.claim("ACME", owner="gw1", ttl_s=60)


@pytest.mark.parametrize("ttl_s", [0, -1, math.inf, math.nan])
def test_a_claim_for_no_time_or_for_ever_is_a_mistake(claims: Claims, ttl_s: float) -> None:
    for use in (claims.claim, claims.renew):
        with pytest.raises(ValueError, match=f"ttl_s is {ttl_s}, wanted seconds"):
            use("a", owner="gw0", ttl_s=ttl_s)


@pytest.mark.parametrize(
    "text",
    [
        '{"claims": []}',
        '{"claims": {"a": 1}}',
        '{"claims": {"a": {"owner": 1, "until_s": 1, "process": 1}}}',
        '{"claims": {"a": {"owner": "x", "until_s": true, "process": 1}}}',
        '{"claims": {"a": {"owner": "x", "until_s": 1, "process": -1}}}',
        '{"claims": {"a": {"owner": "x", "until_s": 1, "process": 99999999999999999999}}}',
    ],
)
def test_another_file_is_no_file_of_claims(path: Path, claims: Claims, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(CiToolsError) as caught:
        claims.claim("a", owner="gw0", ttl_s=60)
    assert caught.value.fact == f"{path}: not a file of claims"
    assert caught.value.hint == "remove it, and it begins anew"
    assert path.read_text() == text
    claims.clear()
    assert claims.claim("a", owner="gw0", ttl_s=60)
