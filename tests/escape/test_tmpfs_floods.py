"""Filling what is writable: bytes, inodes and terminals all come out of the host's memory."""

from __future__ import annotations

import pytest
from attack import MOUNTS, Arena, Replacement, said
from containers import Caller

pytestmark = pytest.mark.kernel

MIB = {"/tmp": 8, "/run": 1, "/dev/shm": 1}  # sizes in the workshop's plan
UNSIZED: tuple[Replacement, ...] = (
    (MOUNTS, "size={size}", "size=64m"),
    (MOUNTS, "size={settings.shm_bytes}", "size=64m"),
)


@pytest.mark.parametrize("place", MIB)
def test_disk_bomb_ends_at_the_size(arena: Arena, who: Caller, place: str) -> None:
    found = arena.try_on(who, f"cd {place} && {arena.flood('fill 16')}")
    assert found.out == f"kibibytes={MIB[place] << 10} ENOSPC\n"


@pytest.mark.parametrize("place", MIB)
def test_control_disk_bomb_without_a_size(arena: Arena, user: Caller, place: str) -> None:
    found = arena.try_on(user, f"cd {place} && {arena.flood('fill 16')}", replaced=UNSIZED)
    assert found.out == "kibibytes=16384 unhindered\n"


def test_nothing_else_can_be_filled(arena: Arena, who: Caller) -> None:
    script = (
        "for d in / /dev /dev/pts /etc /var /proc /sys /mnt /home /root /app; do "
        "(cd $d 2>/dev/null && touch flood 2>/dev/null && echo $d); done; true"
    )
    assert arena.try_on(who, script).out == ""


@pytest.mark.xfail(
    strict=True,
    reason="tmpfs is mounted without nr_inodes: a tmpfs of 1 MiB takes half as many empty files as "
    "the host has pages, about 1 KiB of kernel memory each, and no rlimit counts them",
)
@pytest.mark.parametrize("place", MIB)
def test_inode_bomb_ends_in_proportion_to_the_size(arena: Arena, who: Caller, place: str) -> None:
    found = arena.try_on(who, f"cd {place} && {arena.flood('inodes 20000')}")
    made = int(said(found)["inodes"].split()[0])
    assert made <= MIB[place] * 1024


def test_control_inodes_are_bounded_where_the_mount_says_so(arena: Arena, user: Caller) -> None:
    bounded = ((MOUNTS, "size={size}", "nr_inodes=1000,size={size}"),)
    found = arena.try_on(user, f"cd /tmp && {arena.flood('inodes 20000')}", replaced=bounded)
    assert found.out == "inodes=999 ENOSPC\n"


@pytest.mark.xfail(
    strict=True,
    reason="devpts is mounted without max=: one container can take every pty that "
    "kernel.pty.max leaves to containers (3,072 of 4,096), and others get none",
)
def test_a_container_has_few_terminals(arena: Arena, who: Caller) -> None:
    found = said(arena.try_on(who, arena.flood("ptys 200")))
    assert int(found["ptys"].split()[0]) <= 64


def test_control_terminals_are_bounded_where_the_mount_says_so(arena: Arena, user: Caller) -> None:
    bounded = ((MOUNTS, "newinstance,", "newinstance,max=16,"),)
    found = said(arena.try_on(user, arena.flood("ptys 200"), replaced=bounded))
    assert found["ptys"] == "16 ENOSPC"
