"""Read again under the lock."""

import json
import threading

from filelock import FileLock


class Portfolio:
    def __init__(self, path):
        self.path = path
        self.lock = FileLock(f"{path}.lock")
        self._reload()

    def _reload(self):
        data = json.loads(self.path.read_text())
        self.cash = data["cash"]

    def _save(self):
        self.path.write_text(json.dumps({"cash": self.cash}))

    def buy(self, cost):
        with self.lock:
            self._reload()
            if cost > self.cash:
                return False
            self.cash -= cost
            self._save()
            return True

    def sell(self, price):
        with self.lock:
            self.cash = json.loads(self.path.read_text())["cash"]
            if self.cash < 0:
                raise ValueError
            self.cash += price
            self._save()

    def report(self):
        with self.lock:
            return self.cash


class InOneProcess:
    """A lock of threads guards an object, not a file."""

    def __init__(self, path):
        self.path = path
        self._lock = threading.Lock()
        self.cash = json.loads(path.read_text())["cash"]

    def buy(self, cost):
        with self._lock:
            if cost > self.cash:
                return False
            self.cash -= cost
            self.path.write_text(json.dumps({"cash": self.cash}))
            return True


class OnlyReads:
    """Nothing is written back: what was read is a configuration."""

    def __init__(self, path):
        self.lock = FileLock("x.lock")
        self.limit = int(path.read_text())

    def is_over(self, count):
        with self.lock:
            if count > self.limit:
                return True
            return False


class Constants:
    """Checked under the lock, but never read from a file."""

    def __init__(self, path, limit):
        self.path = path
        self.limit = limit
        self.lock = FileLock("x.lock")

    def write(self, count):
        with self.lock:
            if count > self.limit:
                raise ValueError
            self.path.write_text(str(count))
