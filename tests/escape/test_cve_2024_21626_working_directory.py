"""CVE-2024-21626, "Leaky Vessels": a descriptor of the host was open, and the working directory
of the program was /proc/self/fd/N. From there, ".." leads out.

Walls: every descriptor is closed before the program runs; the working directory is resolved inside
the root without magic links; a directory outside it is refused by getcwd(2).
"""

from __future__ import annotations

import pytest
from attack import INIT, Arena, Replacement, said
from containers import Caller
from installation import Account
from made_images import Images

pytestmark = pytest.mark.kernel

FIRST, LAST = 3, 20
# As runtimes did: chdir(2) by name, while descriptors are open, and no question where it led.
PLAIN_CHDIR: tuple[Replacement, ...] = (
    (INIT, "    change_directory(plan.cwd)\n", "    os.chdir(plan.cwd)\n"),
)
LOOK = "echo cwd=$(pwd -P); echo host=$(ls -d ../../../../etc/shadow ./bin/busybox 2>/dev/null)"


@pytest.mark.parametrize("number", range(FIRST, LAST + 1))
def test_no_descriptor_of_init_is_a_working_directory(
    arena: Arena, user: Caller, number: int
) -> None:
    found = arena.try_on(user, LOOK, cwd=f"/proc/self/fd/{number}")
    assert (found.code, found.out) == (125, "")
    assert "working directory" in found.err


@pytest.mark.parametrize("place", ["/proc/self/cwd", "/proc/1/root", "/proc/self/root/..", "/link"])
def test_no_other_magic_link_is_either(arena: Arena, who: Caller, place: str) -> None:
    image = arena.image("cwd-link", link="-> /proc/self/fd/7")
    found = arena.try_on(who, LOOK, cwd=place, layers=(image,))
    assert (found.code, found.out) == (125, "")


def test_the_images_working_directory_is_judged_alike(person: Account, images: Images) -> None:
    path = images.made("leaky", working_dir="/proc/self/fd/8")
    ended = person.secure("run", path, "ls")
    assert (ended.code, ended.out) == (125, "")
    assert person.secure("run", "-w", "/proc/self/fd/8", images.good, "ls").code == 125


def test_only_the_standard_streams_are_open(arena: Arena, who: Caller) -> None:
    script = "for p in /proc/[0-9]*; do ls $p/fd 2>/dev/null; done | sort -u"
    found = arena.shop.start(who, "/bin/sh", "-c", script, planted=(251,))
    # 10 is the shell's own copy; 3 is the directory that `ls` reads.
    assert set(found.out.split()) <= {"0", "1", "2", "3", "10"}


def test_control_with_a_plain_chdir_the_program_stands_outside(arena: Arena, user: Caller) -> None:
    # One of the first numbers is the directory of a layer on the host: "(unreachable)", but open.
    places = (
        said(arena.try_on(user, LOOK, cwd=f"/proc/self/fd/{n}", replaced=PLAIN_CHDIR))
        for n in range(FIRST, LAST + 1)
    )
    assert any("busybox" in place.get("host", "") for place in places)
