"""The same in functions."""

import fcntl
import json

from filelock import FileLock


def claim(path, limit):
    data = json.loads(path.read_text())
    with FileLock(f"{path}.lock"):
        if data["claimed"] >= limit:  # CIT402
            return False
        data["claimed"] += 1
        path.write_text(json.dumps(data))
        return True


def claim_rightly(path, limit):
    with FileLock(f"{path}.lock"):
        data = json.loads(path.read_text())
        if data["claimed"] >= limit:
            return False
        data["claimed"] += 1
        path.write_text(json.dumps(data))
        return True


def claim_twice_read(path, limit):
    data = json.loads(path.read_text())
    if data["claimed"] >= limit:
        return False
    with FileLock(f"{path}.lock"):
        data = json.loads(path.read_text())
        if data["claimed"] >= limit:
            return False
        path.write_text(json.dumps(data))
        return True


def merge(path, extra_path):
    extra = json.loads(extra_path.read_text())
    with FileLock(f"{path}.lock"):
        data = json.loads(path.read_text())
        data.update(extra)
        path.write_text(json.dumps(data))


def locked(path):
    with open(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        return json.load(file)
