"""CVE-2024-45310: the runtime made missing mount targets, and a link led them onto the host.

Nothing is made in what belongs to others: places for mounts are in a layer of our own, or in a
fresh tmpfs. A target that a volume lacks is an error.
"""

from __future__ import annotations

import os

import pytest
from attack import Arena, Replacement
from containers import Caller

pytestmark = pytest.mark.kernel

# As runtimes did: make what is missing, following links (here in the volume, whose host path the
# supervisor's mounts still show at this point).
MAKES_TARGETS: tuple[Replacement, ...] = (
    (
        "runtime/rootfs.py",
        "def _mount_one(root: int, item: Mount, source: int) -> None:\n",
        (
            "def _mount_one(root: int, item: Mount, source: int) -> None:\n"
            '    if item.kind == "bind":\n'
            '        os.makedirs(f"/proc/self/fd/{root}{item.target}", 0o755, exist_ok=True)\n'
        ),
    ),
)


@pytest.mark.parametrize("link", [False, True])
def test_a_missing_target_in_a_volume_is_not_made(arena: Arena, who: Caller, link: bool) -> None:
    volume, canary = arena.open_folder("volume"), arena.open_folder("canary")
    if link:
        (volume / "sub").symlink_to(canary)
    binds = [[str(volume), "/data", False], [str(canary), "/data/sub/new", True]]
    found = arena.try_on(who, "true", binds=binds)
    assert found.code in {4, 125}
    assert os.listdir(canary) == []
    assert os.listdir(volume) == (["sub"] if link else [])


def test_control_a_runtime_that_makes_them_leaves_a_directory_on_the_host(
    arena: Arena, user: Caller
) -> None:
    volume, canary = arena.open_folder("volume"), arena.open_folder("canary")
    (volume / "sub").symlink_to(canary)
    binds = [[str(volume), "/data", False], [str(canary), "/data/sub/new", True]]
    arena.try_on(user, "true", binds=binds, replaced=MAKES_TARGETS)
    assert os.listdir(canary) == ["new"]
