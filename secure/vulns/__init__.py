"""Advisories in, matches out: which package has which known vulnerability, and why."""
