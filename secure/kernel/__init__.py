"""Thin, typed wrappers over system calls. No policy, no retry."""
