import psycopg2
import pymongo
import redis


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
