"""Filling what is writable: bytes, inodes and terminals all come out of the host's memory."""

from __future__ import annotations

import pytest
from attack import MOUNTS, Arena, Replacement, said
from containers import Caller

pytestmark = pytest.mark.kernel

MIB = {"/tmp": 8, "/run": 1, "/dev/shm": 1}  # sizes in the workshop's plan
UNSIZED: tuple[Replacement, ...] = ((MOUNTS, "size={size}", "size=64m"),)


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


@pytest.mark.parametrize("place", MIB)
def test_inode_bomb_ends_in_proportion_to_the_size(arena: Arena, who: Caller, place: str) -> None:
    found = arena.try_on(who, f"cd {place} && {arena.flood('inodes 20000')}")
    made = int(said(found)["inodes"].split()[0])
    assert made <= MIB[place] * 1024


@pytest.mark.parametrize("place", MIB)
def test_control_inode_bomb_without_a_bound(arena: Arena, user: Caller, place: str) -> None:
    unbounded = ((MOUNTS, ",nr_inodes={inodes_for(size)}", ""),)
    found = arena.try_on(user, f"cd {place} && {arena.flood('inodes 20000')}", replaced=unbounded)
    assert found.out == "inodes=20000 unhindered\n"


def test_a_container_has_few_terminals(arena: Arena, who: Caller) -> None:
    found = said(arena.try_on(who, arena.flood("ptys 200")))
    assert int(found["ptys"].split()[0]) <= 64


def test_control_terminals_without_a_bound(arena: Arena, user: Caller) -> None:
    unbounded = ((MOUNTS, "newinstance,max=64,", "newinstance,"),)
    found = said(arena.try_on(user, arena.flood("ptys 200"), replaced=unbounded))
    assert int(found["ptys"].split()[0]) > 64
