"""Module lists and dicts that tests grow, and others read."""

from collections import Counter, defaultdict, deque

CALLS = []
CACHE = {}
SEEN = set()
QUEUE = deque()
HITS = Counter()
GROUPS = defaultdict(list)
COLOURS = ["red", "green"]
LIMITS = {"small": 1}


def record(name):
    CALLS.append(name)  # CIT201


def test_records():
    record("a")
    assert CALLS == ["a"]


def test_nothing_is_recorded():
    assert CALLS == []


def test_cache():
    CACHE["user"] = 1  # CIT201
    CACHE.update(group=2)  # CIT201
    assert "user" in CACHE


def test_cache_is_small():
    assert len(CACHE) < 3
    del CACHE["user"]  # CIT201


def test_others():
    SEEN.add("x")  # CIT201
    QUEUE.appendleft("x")  # CIT201
    HITS["x"] += 1  # CIT201
    GROUPS["x"] = [1]  # CIT201
    assert SEEN


def test_others_again():
    assert not SEEN and not QUEUE and not HITS and not GROUPS


def test_constants_are_read():
    assert "red" in COLOURS
    assert LIMITS.get("small") == 1
    copy = list(COLOURS)
    copy.append("blue")
    limits = {**LIMITS}
    limits["large"] = 9
    assert len(copy) == 3


def test_a_list_of_its_own():
    found = []
    found.append(1)
    assert found == [1]
