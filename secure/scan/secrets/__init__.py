"""Secrets in files, configuration and history."""
