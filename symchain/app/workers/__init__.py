"""Processes that answer requests of strangers: a pool, the worker, and the tasks it knows."""
