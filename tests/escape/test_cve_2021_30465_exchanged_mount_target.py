"""CVE-2021-30465, and volumes in general: a name is exchanged while the runtime mounts on it.

One container owns a volume and swaps a directory in it with a link to the root, as fast as it can;
another one mounts something below that volume. Targets are opened once, without following links,
and mounted on by descriptor; what comes of the race is the planned mount, or no start at all.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attack import Arena, Replacement
from containers import Caller, Result

pytestmark = pytest.mark.kernel

ROUNDS = 10
# The names go on changing under the mount, so the kernel's list is asked, not a path.
LOOK = (
    "grep -q ' /data/volume/[a-z]* ' /proc/self/mountinfo && echo inside; "
    "[ -e /etc/marker ] && echo on etc; true"
)
# As runtimes did: the target by name, whatever links are on the way.
BY_NAME: tuple[Replacement, ...] = (
    (
        "runtime/rootfs.py",
        "    return openat2(root, path, os.O_PATH, NO_LINKS)\n",
        "    return openat2(root, path, os.O_PATH, NO_LINKS & ~0x04)\n",
    ),
)


@contextmanager
def swapping(arena: Arena, who: Caller, volume: Path) -> Iterator[None]:
    """The attacker, in a container of its own that shares the volume."""
    script = "echo ready; exec /bin/attack exchange /data/sub /data/link 40"
    layers = [str(arena.shop.rootfs), str(arena.layer)]
    binds = [[str(volume), "/data", False]]
    with arena.shop.prepared(who, {"layers": layers, "binds": binds}) as spec:
        process = subprocess.Popen(
            arena.shop.command(spec, None, "/bin/sh", "-c", script),
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, **who.credentials,
        )  # fmt: skip
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.kill()
            process.communicate()


def raced(
    arena: Arena, who: Caller, link: str, replaced: tuple[Replacement, ...] = ()
) -> list[Result]:
    """Start again and again while the target is being exchanged."""
    volume, other = arena.open_folder("volume"), arena.open_folder("other")
    (volume / "sub").mkdir()
    (volume / "link").symlink_to(link)
    (other / "marker").write_text("x")
    if os.geteuid() == 0:
        os.chown(volume / "sub", who.uid, who.gid)
    binds = [[str(volume), "/data/volume", False], [str(other), "/data/volume/sub", True]]
    with swapping(arena, who, volume):
        results = [arena.try_on(who, LOOK, binds=binds, replaced=replaced) for _ in range(ROUNDS)]
    assert sorted(os.listdir(other)) == ["marker"]
    assert sorted(os.listdir(volume)) == ["link", "sub"], "nothing was made in the volume"
    return results


@pytest.mark.parametrize("link", ["/etc", "../../../../etc"])
def test_the_mount_is_where_it_was_planned_or_there_is_no_start(
    arena: Arena, user: Caller, link: str
) -> None:
    before = Path("/proc/self/mountinfo").read_text()
    results = raced(arena, user, link)
    assert {result.out for result in results} <= {"inside\n", ""}
    # Not a start that lacks its mount: what printed nothing was stopped.
    assert all(result.code for result in results if not result.out)
    assert any(result.code for result in results), "the race was never lost: nothing was tested"
    assert Path("/proc/self/mountinfo").read_text() == before


def test_control_with_links_followed_the_mount_lands_on_etc(arena: Arena, user: Caller) -> None:
    outs = {result.out for result in raced(arena, user, "/etc", BY_NAME)}
    assert "on etc\n" in outs
