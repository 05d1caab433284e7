"""The OCI runtime: bundles in, state files, the detached lifecycle."""
