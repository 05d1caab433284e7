"""The time, read in one place; decisions get it as an argument."""

from __future__ import annotations

import time


def now() -> str:
    """RFC 3339, UTC, milliseconds."""
    nanoseconds = time.time_ns()
    parts = time.gmtime(nanoseconds // 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', parts)}.{nanoseconds // 1_000_000 % 1000:03}Z"
