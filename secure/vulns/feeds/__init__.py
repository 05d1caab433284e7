"""Feeds that have a form of their own, one file each, as OSV records. Pure."""
