"""acquire() and release() by hand, and what is read by a property's helper."""

import json
from pathlib import Path

from filelock import FileLock


def load(path):
    return json.loads(Path(path).read_text())


class BuyQueue:
    def __init__(self, path):
        self.path = path
        self.lock = FileLock(path + ".lock")
        self.queue = load(path)

    def enqueue(self, symbol):
        self.lock.acquire()
        try:
            if symbol in self.queue:  # CIT402
                return False
            self.queue.append(symbol)
            Path(self.path).write_text(json.dumps(self.queue))
        finally:
            self.lock.release()
        return True

    def enqueue_rightly(self, symbol):
        with self.lock:
            self.queue = load(self.path)
            if symbol in self.queue:
                return False
            self.queue.append(symbol)
            Path(self.path).write_text(json.dumps(self.queue))
        return True
