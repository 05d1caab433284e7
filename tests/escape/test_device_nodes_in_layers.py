"""A layer that holds a device node: opened, it would be a disk or the memory of the host.

Walls: an image with device nodes is not unpacked as such; the root is mounted nodev; a user
namespace's mounts ignore nodes anyway; nobody inside may make one.
"""

from __future__ import annotations

import os
import stat

import pytest
from attack import Arena, said
from containers import Caller
from installation import Account
from made_images import Images

from secure.images.entry import BLOCK_DEVICE, CHARACTER
from secure.images.write import NewFile

pytestmark = pytest.mark.kernel

S_IFCHR, S_IFBLK = 0o020000, 0o060000
NODES = (
    NewFile(b"dev/sda", kind=BLOCK_DEVICE, mode=0o666, device=(8, 0)),
    NewFile(b"app/mem", kind=CHARACTER, mode=0o666, device=(1, 1)),
    NewFile(b"app/null", kind=CHARACTER, mode=0o666, device=(1, 3)),
)


def test_nodes_of_an_image_do_not_work(person: Account, images: Images) -> None:
    path = images.made("nodes", *NODES)
    script = (
        "for f in /dev/sda /app/mem /app/null; do "
        "[ -c $f -o -b $f ] && cat $f && echo read $f; done"
    )
    ended = person.secure("run", path, "sh", "-c", f"{script} 2>/dev/null; true")
    assert ended.out == ""


def test_no_node_is_written_to_disk(person: Account, images: Images) -> None:
    person.secure("run", images.made("nodes", *NODES), "true")
    kinds = {stat.S_IFMT(path.lstat().st_mode) for path in person.data.rglob("*")}
    assert not kinds & {S_IFCHR, S_IFBLK}


@pytest.mark.parametrize("kind", [S_IFCHR, S_IFBLK])
def test_nobody_inside_makes_one(arena: Arena, who: Caller, kind: int) -> None:
    script = f"cd /tmp; /bin/attack call mknodat -100 =node {kind | 0o666} 0x103"
    assert said(arena.try_on(who, script)) == {"mknodat": "EPERM"}


def test_not_even_uid_0_inside_makes_one(arena: Arena, ranged: Caller) -> None:
    script = f"cd /tmp; /bin/attack call mknodat -100 =node {S_IFCHR | 0o666} 0x103"
    assert said(arena.try_on(ranged, script, uid=0)) == {"mknodat": "EPERM"}
    # Why no control: the kernel asks for CAP_MKNOD in the first user namespace, filter or not.
    found = arena.try_on(ranged, script, uid=0, without=("filter", "landlock"))
    assert said(found) == {"mknodat": "EPERM"}


def test_a_node_that_lies_in_a_layer_all_the_same_cannot_be_opened(
    arena: Arena, who: Caller
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a device node")
    layer = arena.image("with-node", app="/")
    if not (layer / "app/null").exists():
        os.mknod(layer / "app/null", S_IFCHR | 0o666, os.makedev(1, 3))
        (layer / "app/null").chmod(0o666)
    script = "/bin/attack call open =/app/null 0 -- openat -1 =/dev/null 0"
    found = said(arena.try_on(who, script, layers=(layer,)))
    assert found["open"] == "EACCES"
    assert int(found["openat"]) > 2, "the control: the node that secure itself put there works"
