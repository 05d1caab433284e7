"""Descriptors that the caller had open must not reach the program, whatever their number."""

from __future__ import annotations

import pytest
from attack import Arena, said
from containers import Caller, Result

pytestmark = pytest.mark.kernel

PLANTED = (3, 9, 251, 500)


def with_planted(arena: Arena, who: Caller, without: tuple[str, ...]) -> Result:
    """Start with a directory of the host open and inheritable under several numbers."""
    script = "; ".join(
        f"echo d{n}=$(/bin/attack call openat {n} =passwd 0 | tail -n 1)" for n in PLANTED
    )
    layers = [str(arena.shop.rootfs), str(arena.layer)]
    package = arena.package(without) if without else None
    return arena.shop.start(
        who, "/bin/sh", "-c", script, package=package, layers=layers, planted=PLANTED
    )


def test_no_planted_descriptor_arrives(arena: Arena, who: Caller) -> None:
    found = with_planted(arena, who, ())
    assert said(found) == {f"d{n}": "openat=EBADF" for n in PLANTED}, found.err


def test_control_those_above_the_closed_range_open_a_file_of_the_host(
    arena: Arena, who: Caller
) -> None:
    found = said(with_planted(arena, who, ("close-range",)))
    assert int(found["d251"].removeprefix("openat=")) > 2
    assert found["d9"] == "openat=EBADF"
