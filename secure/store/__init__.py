"""Atomic writes, locks, paths: how anything gets onto this machine's disk."""
