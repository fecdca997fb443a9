"""What becomes of the URL of a database."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_tools.model.dburl import Family, for_worker, limited, parse, quoted, unquoted, with_index
from ci_tools.model.errors import UsageError


def rewritten(text: str) -> str:
    return str(for_worker(parse(text), suffix="_r_gw0", directory="/run/gw0", cwd="/project"))


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("postgresql://host/app", "postgresql://host/app_r_gw0"),
        (
            "postgres://u:p%40%2F@[::1]:5432/app?sslmode=require",
            "postgres://u:p%40%2F@[::1]:5432/app_r_gw0?sslmode=require",
        ),
        ("postgresql+asyncpg://u@h1:1,h2:2/app?a=b/c@d", "postgresql+asyncpg://u@h1:1,h2:2/app_r_gw0?a=b/c@d"),
        ("postgresql:///?host=/tmp&dbname=app&x=1", "postgresql:///?host=/tmp&dbname=app_r_gw0&x=1"),
        ("postgresql:///app?host=/tmp", "postgresql:///app_r_gw0?host=/tmp"),
        ("postgis://host/%C3%BC%20b", "postgis://host/%C3%BC%20b_r_gw0"),
        ("mysql+pymysql://root:@host:3306/app?charset=utf8", "mysql+pymysql://root:@host:3306/app_r_gw0?charset=utf8"),
        ("mariadb://host/app", "mariadb://host/app_r_gw0"),
    ],
)
def test_a_name_gets_the_suffix_and_all_else_stays(url: str, ours: str) -> None:
    assert rewritten(url) == ours


@pytest.mark.parametrize(
    ("url", "before", "file", "after"),
    [
        ("sqlite:///app.db", "sqlite:///", "app_r_gw0.db", ""),
        ("sqlite:///./var/../app.db?timeout=5", "sqlite:///", "app_r_gw0.db", "?timeout=5"),
        ("sqlite+aiosqlite:////project/app.sqlite3", "sqlite+aiosqlite:///", "app_r_gw0.sqlite3", ""),
        ("sqlite:////project/app", "sqlite:///", "app_r_gw0", ""),
        ("sqlite:///file:app.db?mode=rwc&uri=true", "sqlite:///file:", "app_r_gw0.db", "?mode=rwc&uri=true"),
        ("sqlite+pysqlcipher://:key@/app.db", "sqlite+pysqlcipher://:key@/", "app_r_gw0.db", ""),
        ("sqlite://app.db", "sqlite://", "app_r_gw0.db", ""),  # as Tortoise writes it
        ("file:app.db?cache=shared", "file:", "app_r_gw0.db", "?cache=shared"),
        ("file:///project/app.db", "file://", "app_r_gw0.db", ""),
    ],
)
def test_a_sqlite_file_moves_to_the_worker_with_the_suffix_before_its_extension(
    url: str, before: str, file: str, after: str
) -> None:
    assert rewritten(url) == f"{before}/run/gw0/ea0135bc/{file}{after}"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://:memory:",
        "file::memory:?cache=shared",
        "sqlite:///file:name?mode=memory&cache=shared&uri=true",
    ],
)
def test_a_database_in_memory_stays_as_it_is(url: str) -> None:
    assert parse(url).is_in_memory and rewritten(url) == url


def test_sqlite_files_stay_apart_that_were_and_one_file_stays_one() -> None:
    assert len({rewritten(f"sqlite:///{folder}/app.db") for folder in "ab"}) == 2
    same = ("sqlite:///a/app.db", "sqlite:////project/a/app.db", "sqlite:///./b/../a/app.db")
    assert len({rewritten(url) for url in same}) == 1


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("redis://host", "redis://host/7"),
        ("rediss://:p%40@host:6380/2?ssl_cert_reqs=none", "rediss://:p%40@host:6380/7?ssl_cert_reqs=none"),
        ("redis://host/1?x=1&db=3", "redis://host/1?x=1&db=7"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock?db=7"),
        ("unix://:pw@/run/redis.sock?db=2&x=1", "unix://:pw@/run/redis.sock?db=7&x=1"),
    ],
)
def test_a_redis_url_gets_another_index(url: str, ours: str) -> None:
    assert str(with_index(parse(url), 7)) == ours


@pytest.mark.parametrize("url", ["redis://:pa#sec@h:6379/0", "mysql://root:p[sec@h/app", "mysql://h:sec/app"])
def test_what_can_not_be_told_apart_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(UsageError, match="has no host and port that can be told from the rest") as raised:
        parse(url).split()
    assert raised.value.__suppress_context__ and "sec" not in f"{raised.value.fact}{raised.value.hint}"


@pytest.mark.parametrize(
    ("url", "fact"),
    [
        ("app.db", "wanted the URL of a database, found another text"),
        ("host=localhost dbname=app", "wanted the URL of a database, found another text"),
        ("mongodb://u:secret@host/app", "wanted the URL of a database, found mongodb:…"),
        ("redis+socket:///run/redis.sock", "wanted the URL of a database, found redis+socket:…"),
        ("postgresql://host", "the URL of a PostgreSQL server names no database"),
        ("mysql://host/?charset=utf8", "the URL of a MySQL server names no database"),
        ("postgresql://u:sec/ret@host/app", "the URL of a PostgreSQL server has more than a name behind its host"),
        ("postgresql://u:sec/ret@host", "the URL of a PostgreSQL server has more than a name behind its host"),
        ("redis://host/cache", "the URL of a Redis server ends in no index of a database"),
        ("redis:host", "wanted the URL of a Redis server, found no // in it"),
        ("sqlite:app.db", "wanted the URL of a SQLite file, found no // in it"),
    ],
)
def test_what_can_not_be_changed_is_refused_without_its_secrets(url: str, fact: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(url)
    assert raised.value.fact == fact and raised.value.hint
    assert "sec" not in f"{raised.value.fact}{raised.value.hint}"


@pytest.mark.parametrize(("scheme", "max_bytes"), [("postgresql", 63), ("mysql", 64)])
def test_a_long_name_is_shortened_and_stays_another(scheme: str, max_bytes: int) -> None:
    names = [unquoted(rewritten(f"{scheme}://host/{'x' * 70}{end}").rpartition("/")[2]) for end in "ab"]
    assert len(set(names)) == 2 and {len(name) for name in names} == {max_bytes}
    assert all(name.endswith("_r_gw0") for name in names)


@given(st.text(max_size=90), st.text(max_size=90), st.sampled_from(["_r_gw0", "_r_gw1", "_" + "w" * 80]))
def test_no_two_names_become_one(one: str, other: str, suffix: str) -> None:
    short = [limited(name, suffix, 63) for name in (one, other)]
    assert all(len(name.encode()) <= 63 for name in short)
    assert (short[0] == short[1]) == (one == other)


@given(st.text(max_size=30))
def test_percent_encoding_is_undone(text: str) -> None:
    assert unquoted(quoted(text)) == text


BYTES = st.binary(max_size=40).map(os.fsdecode)  # as os.environ has what isn't UTF-8


@given(st.text() | BYTES)
def test_any_text_is_a_url_or_a_usage_error(text: str) -> None:
    for candidate in (text, f"postgresql://{text}", f"sqlite:///{text}", f"redis://{text}", f"file:{text}"):
        try:
            url = parse(candidate)
        except UsageError:
            continue
        if url.family is not Family.REDIS:
            for_worker(url, suffix="_r_gw0", directory="/run/gw0", cwd="/project")
