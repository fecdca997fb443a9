"""Deprecated since Python 3.12, and it says nothing of its zone."""

import datetime as dt
from datetime import datetime


def enqueue(queue, symbol):
    queue.append({"symbol": symbol, "at": datetime.utcnow().isoformat()})  # CIT502


def age(entry):
    return dt.datetime.utcnow() - dt.datetime.fromisoformat(entry["at"])  # CIT502
