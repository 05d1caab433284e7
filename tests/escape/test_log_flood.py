"""Endless output: it must cost neither the supervisor's memory nor the audit log's disk.

Nothing keeps a container's output: it goes to the caller's stream, a piece at a time, and a reader
that is slow stops the writer. Why no control: there is no buffer whose bound could be taken out.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from attack import Arena
from containers import Caller
from installation import Account
from made_images import Images

pytestmark = pytest.mark.kernel

MIB = 48


def resident_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def test_a_relayed_flood_takes_no_memory_and_nothing_is_lost(
    arena: Arena, user: Caller, tmp_path: Path
) -> None:
    # A file is never handed in, so the supervisor has to copy.
    target = arena.open_folder("output") / "flood"
    script = f"dd if=/dev/zero bs=65536 count={MIB * 16} 2>/dev/null; echo end >&2; sleep 1"
    with arena.shop.prepared(user, {}) as spec, target.open("wb") as file:
        process = subprocess.Popen(
            arena.shop.command(spec, None, "/bin/sh", "-c", script),
            stdout=file, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
            **user.credentials,
        )  # fmt: skip
        try:
            assert process.stderr
            assert process.stderr.readline() == "end\n"
            grown = resident_kib(process.pid)
        finally:
            process.communicate(timeout=60)
    assert target.stat().st_size == MIB << 20
    assert grown < 40 * 1024
    target.unlink()


def test_a_reader_that_stops_stops_the_writer(arena: Arena, user: Caller) -> None:
    with arena.shop.prepared(user, {}) as spec:
        process = subprocess.Popen(
            arena.shop.command(spec, None, "/bin/sh", "-c", "yes & sleep 1; kill $!; exit 3"),
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, **user.credentials,
        )  # fmt: skip
        assert process.wait(30) == 3
        assert process.stdout
        assert len(process.stdout.read()) <= 1 << 20, "what a pipe holds"
        process.stdout.close()


def test_the_audit_log_does_not_grow_with_the_output(person: Account, images: Images) -> None:
    person.secure("run", images.good, "true")
    before = person.log.stat().st_size
    script = "yes 0123456789abcdef | head -c 2000000; yes x | head -c 2000000 >&2"
    person.secure("run", images.good, "sh", "-c", script)
    assert person.log.stat().st_size - before < 20_000
