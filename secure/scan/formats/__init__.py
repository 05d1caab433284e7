"""Binary formats, each read by a small bounded parser of our own. Pure."""
