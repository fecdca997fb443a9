"""Which shard runs which test: discover, predict, cut, pack, certify."""
