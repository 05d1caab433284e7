"""CVE-2023-28642: /proc of the image is a symbolic link, and AppArmor and SELinux are written past.

The bypass needs a runtime that follows the link. Here a directory of our own skeleton lies over the
image's entry, and mounts are opened with RESOLVE_NO_SYMLINKS in case it did not.
"""

from __future__ import annotations

import pytest
from attack import Arena, said
from containers import Caller

pytestmark = pytest.mark.kernel

LOOK = "echo proc=$(readlink /proc),$(stat -f -c %T /proc); echo sys=$(readlink /sys)"


@pytest.mark.parametrize("target", ["/tmp", "/dev/shm", "../../../proc", "/proc/self/root/proc"])
def test_proc_and_sys_as_links_are_covered(arena: Arena, who: Caller, target: str) -> None:
    name = f"links-to-{target.replace('/', '.')}"
    image = arena.image(name, proc=f"-> {target}", sys=f"-> {target}")
    found = arena.try_on(who, LOOK, layers=(image,))
    assert said(found) == {"proc": ",proc", "sys": ""}, found.err


def test_control_links_followed_and_nothing_over_them(arena: Arena, user: Caller) -> None:
    places = dict.fromkeys(("dev", "etc", "run", "tmp", "fake", "sys"), "/")
    image = arena.image("link-28642", proc="-> /fake", **places)
    found = arena.try_on(user, LOOK, layers=(image,), without=("skeleton", "no-links", "landlock"))
    assert said(found)["proc"].startswith("/fake,"), found.err
