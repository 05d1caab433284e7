"""Starts `confined.py`, and compiles the built-in profiles for it."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from secure.kernel.seccomp_profile import compile_profile

ROOT = Path(__file__).resolve().parents[2]
# No account is needed to be somebody else.
STRANGER = 12345


def profile(name: str) -> bytes:
    """A built-in seccomp profile."""
    return (ROOT / "policies" / "seccomp" / f"{name}.json").read_bytes()


@cache
def filter_of(name: str, arch: str | None = None) -> bytes:
    """The compiled filter of a built-in profile."""
    return compile_profile(profile(name), arch)


def ordinary_uid() -> int:
    """For root somebody else, for an ordinary user himself."""
    return STRANGER if os.geteuid() == 0 else 0


def needs_root() -> None:
    """Skip where the tests are not run by root."""
    if os.geteuid() != 0:
        pytest.skip("needs root")


def run(
    bpf: bytes = b"", *, timeout_s: float = 60, **specification: Any
) -> subprocess.CompletedProcess[str]:
    """Start `confined.py` and wait for it."""
    asked = {"packages": str(ROOT), "bpf": bpf.hex(), **specification}
    script = Path(__file__).with_name("confined.py")
    return subprocess.run(
        [sys.executable, "-I", "-S", str(script), json.dumps(asked)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=timeout_s,
        check=False,
    )


def probe(bpf: bytes = b"", **specification: Any) -> dict[str, str]:
    """Name of each probe -> "ok", the name of its errno, or "signal N"."""
    done = run(bpf, **specification)
    assert done.returncode == 0, done.stderr
    return {name: _outcome(*answer) for name, answer in json.loads(done.stdout).items()}


def _outcome(result: int | str, number: int) -> str:
    if result == "signal":
        return f"signal {number}"
    return "ok" if result != -1 else errno.errorcode.get(number, str(number))
