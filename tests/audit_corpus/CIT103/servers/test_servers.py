import os

import psycopg2
import pymongo
import redis
from sqlalchemy import create_engine

from app.settings import Settings


def connect(name="app_test"):
    return psycopg2.connect(host="localhost", dbname=name, user="app")  # CIT103


def test_postgres():
    connect().close()


def test_dsn():
    psycopg2.connect("dbname=app_test user=app").close()  # CIT103


def test_redis():
    client = redis.Redis(host="localhost", port=6379, db=0)
    client.flushdb()  # CIT103


def test_mongo():
    client = pymongo.MongoClient("mongodb://localhost:27017")
    client.drop_database("app_test")  # CIT103


def test_reads_the_version():
    assert redis.Redis(host="localhost").info()
    assert pymongo.MongoClient("mongodb://localhost:27017").server_info()


def test_given_by_a_fixture(postgresql, redisdb):
    postgresql.cursor().execute("select 1")
    redisdb.flushdb()


def test_maintenance():
    psycopg2.connect(dbname="postgres").close()
    psycopg2.connect("dbname=template1 user=app").close()
    create_engine("postgresql://localhost/postgres").dispose()


def test_number_of_the_worker(worker_id):
    redis.Redis(db=os.getpid() % 16).flushdb()
    redis.Redis(db=int(worker_id[2:])).flushdb()


def test_setting(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/app")
    assert Settings().database_url.endswith("/app")
