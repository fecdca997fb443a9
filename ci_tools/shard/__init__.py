"""One shard from outside: start the command, watch it, seal its bundle."""
