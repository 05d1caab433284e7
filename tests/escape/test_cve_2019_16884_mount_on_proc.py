"""CVE-2019-16884: an image that declares /proc a volume hides the /proc that security relies on.

Labels and masks are then written to files of the attacker's. Two walls: nothing may be mounted on
/proc, /sys or /dev, whoever asks (flag or image); and where the image has a link or file in their
place, a directory of ours lies over it.
"""

from __future__ import annotations

import pytest
from attack import MOUNTS, Arena, said
from containers import Caller
from installation import Account
from made_images import Images

pytestmark = pytest.mark.kernel

VOLUMES = (
    "/proc", "/proc/", "//proc", "/proc/self/attr", "/tmp/../proc", "/proc/sys", "/sys",
    "/sys/kernel", "/dev", "/dev/shm", "/", "/../../etc", "relative", "..",
)  # fmt: skip
LOOK = (
    "echo proc=$(stat -f -c %T /proc); echo exec=$(cat /proc/self/attr/exec 2>&1 | tr '\\n' ' '); "
    "echo masked=$(cat /proc/keys /proc/interrupts); grep -q ' /proc/sys ro' /proc/self/mountinfo "
    "&& echo sys=ro"
)


@pytest.mark.parametrize("volume", VOLUMES)
def test_a_volume_of_the_image_never_hides_kernel_files(
    person: Account, images: Images, volume: str
) -> None:
    path = images.made(f"volume-{VOLUMES.index(volume)}", volumes={volume: {}})
    ended = person.secure("run", path, "sh", "-c", LOOK)
    assert (ended.code, ended.out) == (125, ""), ended.err
    assert "refuses to run" in ended.err


@pytest.mark.parametrize("form", ["link", "file", "link-chain"])
def test_what_the_image_has_for_proc_is_covered(arena: Arena, who: Caller, form: str) -> None:
    image = {
        "link": arena.image("proc-link", proc="-> /fake", fake__keys=b"fake"),
        "file": arena.image("proc-file", proc=b"fake"),
        "link-chain": arena.image("proc-chain", proc="-> a", a="-> ../../b", b__keys=b"fake"),
    }[form]
    found = said(arena.try_on(who, LOOK, layers=(image,)))
    assert (found["proc"], found["masked"], found["sys"]) == ("proc", "", "ro")


def test_a_link_is_refused_even_if_nothing_lay_over_it(arena: Arena, who: Caller) -> None:
    image = arena.image("proc-link", proc="-> /fake", fake__keys=b"fake")
    found = arena.try_on(who, LOOK, layers=(image,), without=("skeleton",))
    assert found.code in {4, 125}
    assert found.out == ""


@pytest.mark.parametrize("target", ["/proc", "/proc/sys", "/proc/self/attr", "/dev", "/"])
def test_the_gate_holds_even_if_a_policy_let_a_volume_go_there(
    arena: Arena, user: Caller, target: str
) -> None:
    asked = "for target, size in settings.tmpfs"
    more = f'for target, size in (*settings.tmpfs, ("{target}", 65536))'
    package = arena.package((), ((MOUNTS, asked, more),), gate=True)
    found = arena.shop.start(user, "/bin/sh", "-c", "echo an instruction ran", package=package)
    assert found.code in {4, 125}
    assert found.out == ""


def test_control_links_followed_and_nothing_over_them_proc_lands_elsewhere(
    arena: Arena, user: Caller
) -> None:
    names = ("dev", "sys", "etc", "run", "tmp")
    places = dict.fromkeys(names, "/")
    image = arena.image("proc-link-control", proc="-> /fake", fake="/", **places)
    script = "echo link=$(readlink /proc); echo kind=$(stat -f -c %T /fake)"
    found = arena.try_on(
        user, script, layers=(image,), without=("skeleton", "no-links", "landlock")
    )
    assert said(found) == {"link": "/fake", "kind": "proc"}, found.err
