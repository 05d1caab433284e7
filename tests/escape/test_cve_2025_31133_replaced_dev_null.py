"""CVE-2025-31133: masks are binds of /dev/null, and the image had put a link in its place.

What the link led to was then mounted over masked files, writable (core_pattern, for one). Here /dev
is a fresh tmpfs of ours, its nodes are bound from descriptors opened on the host before anything of
the image is mounted, and a source that is no character device is refused.
"""

from __future__ import annotations

import pytest
from attack import MOUNTS, ROOTFS, Arena, Replacement, said
from containers import Caller

pytestmark = pytest.mark.kernel

IMAGE: dict[str, str | bytes] = {
    "dev__null": "-> /attacker",
    "dev__zero": "-> /proc/sys/kernel/core_pattern",
    "attacker": b"attacker's file",
}
LOOK = (
    "echo null=$(stat -c %t:%T /dev/null); echo keys=$(cat /proc/keys); "
    "echo kind=$(stat -c %F /proc/keys); echo link=$(readlink /dev/null; readlink /dev/zero)"
)
# As runtimes did: the mask's source is found by name in the image, through whatever link.
BY_NAME: tuple[Replacement, ...] = (
    (
        ROOTFS,
        '    null = _open_in(root, b"/dev/null")\n',
        '    null = openat2(root, b"/image-dev/null", os.O_PATH, NO_LINKS & ~0x04)\n',
    ),
)


def test_null_is_the_device_and_masks_are_empty(arena: Arena, who: Caller) -> None:
    image = arena.image("dev-null", **IMAGE)
    found = said(arena.try_on(who, LOOK, layers=(image,)))
    wanted = {"null": "1:3", "keys": "", "kind": "character special file", "link": ""}
    assert found == wanted


def test_a_source_that_is_no_device_is_refused(arena: Arena, user: Caller) -> None:
    swapped = ((MOUNTS, 'source=f"/dev/{name}"', 'source="/etc/passwd"'),)
    package = arena.package((), swapped, gate=True)
    found = arena.shop.start(user, "/bin/true", package=package)
    assert found.code == 4
    assert '"/etc/passwd" is not a character device' in found.err


def test_control_the_masks_source_taken_by_name_is_the_attackers_file(
    arena: Arena, user: Caller
) -> None:
    more: dict[str, str | bytes] = {"image-dev__null": "-> ../attacker"}
    image = arena.image("dev-null-by-name", **IMAGE, **more)
    found = said(arena.try_on(user, LOOK, layers=(image,), replaced=BY_NAME))
    assert found["keys"] == "attacker's file"
