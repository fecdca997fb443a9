"""Read in the constructor, checked under the lock: two processes with 10,000 each spend 12,000."""

import json
from contextlib import contextmanager

from filelock import FileLock


class LockManager:
    def __init__(self, directory):
        self.directory = directory

    @contextmanager
    def acquire_lock(self, name):
        with FileLock(self.directory / f"{name}.lock"):
            yield


class Portfolio:
    def __init__(self, path):
        self.path = path
        self.lock_manager = LockManager(path.parent)
        self._load_or_initialize_portfolio()

    def _load_or_initialize_portfolio(self):
        if self.path.exists():
            with open(self.path) as file:
                data = json.load(file)
            self.cash = data["cash"]
            self.positions = data["positions"]
        else:
            self.cash = 10_000.0
            self.positions = {}

    def _save_portfolio(self):
        with open(self.path, "w") as file:
            json.dump({"cash": self.cash, "positions": self.positions}, file)

    def buy(self, symbol, shares, price):
        total_cost = shares * price
        with self.lock_manager.acquire_lock(f"buy_{symbol}"):
            if total_cost > self.cash:  # CIT402
                return {"success": False}
            self.cash -= total_cost
            self.positions[symbol] = shares
            self._save_portfolio()
            return {"success": True}
