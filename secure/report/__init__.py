"""A report to bytes, one file per format. Pure."""
