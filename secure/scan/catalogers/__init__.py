"""The catalogers, one small file per package format."""
