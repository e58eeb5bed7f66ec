"""Hostile input for everything that reads what strangers write: `python -m tests.fuzz`."""
