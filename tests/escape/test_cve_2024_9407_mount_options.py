"""CVE-2024-9407: a mount option of the build file's author reached mount(2) unlooked at.

`bind-propagation` carried any text. Here the words after ":" are two, "ro" and "rw", and a tmpfs
takes a size; everything else is wrong usage. Propagation is private, and the gate compares it.
"""

from __future__ import annotations

import subprocess

import pytest
from attack import Arena
from containers import Caller, caller
from installation import Account, leaves_nothing
from made_images import Images

pytestmark = pytest.mark.kernel

VOLUMES = (
    "rw,shared", "rshared", "bind-propagation=shared", "ro,rw", "rw,suid", "rw,dev,exec", "z",
    "ro\nrw", "rw ", "RW", "rw,Z", "idmap", "U", "rw:rw", "ro,mode=777",
)  # fmt: skip
TMPFS = (
    "size=1m,exec", "exec", "size=1m,suid,dev", "mode=777", "uid=0", "size=1m,uid=0",
    "nr_inodes=0", "size=-1", "size=0x10", "size=100%",
)  # fmt: skip
SHARED = ("runtime/rootfs.py", '    mount(b"none", b"/", None, MS_REC | MS_PRIVATE)\n', "")


@pytest.mark.parametrize("option", VOLUMES)
def test_an_option_of_a_volume_is_wrong_usage(person: Account, images: Images, option: str) -> None:
    folder = person.made("share/file", "content").parent
    with leaves_nothing(person):
        ended = person.secure("run", "-v", f"{folder}:/x:{option}", images.good, "true")
    assert (ended.code, ended.out) == (2, ""), ended.err


@pytest.mark.parametrize("option", TMPFS)
def test_an_option_of_a_tmpfs_is_wrong_usage(person: Account, images: Images, option: str) -> None:
    with leaves_nothing(person):
        ended = person.secure("run", "--tmpfs", f"/scratch:{option}", images.good, "true")
    assert (ended.code, ended.out) == (2, ""), ended.err


def test_every_mount_is_private(arena: Arena, who: Caller) -> None:
    script = "grep -c -e shared: -e master: -e propagate_from: /proc/self/mountinfo"
    assert arena.try_on(who, script).out == "0\n"


def test_control_mounts_that_stay_in_a_peer_group_are_seen_by_the_gate(arena: Arena) -> None:
    # Only mounts that come from the host can be in one: binds. The test makes a mount namespace of
    # its own whose mounts are shared, as systemd has them.
    package = arena.package((), (SHARED,), gate=True)
    folder = arena.open_folder("shared")
    with arena.shop.prepared(caller("root"), {"binds": [[str(folder), "/x", True]]}) as spec:
        command = arena.shop.command(spec, package, "/bin/echo", "an instruction ran")
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "shared", *command],
            capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (125, "")
    assert "should be private, the kernel says slave" in done.stderr
