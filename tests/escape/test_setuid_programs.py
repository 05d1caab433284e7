"""A setuid program of the image must not raise anybody: no_new_privs, and nosuid on every mount."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from attack import ROOTFS, Arena, Replacement, said
from containers import Caller
from installation import Account
from made_images import Images

from secure.images.write import NewFile

pytestmark = pytest.mark.kernel

# Allowed to a process whose saved uid is 0 already, and to nobody else here.
SHOW = "/suid/attack call setuid 0; echo nnp=$(grep NoNewPrivs /proc/self/status | tr -dc 01)"
SUID_ON: tuple[Replacement, ...] = (
    (ROOTFS, "    flags = MS_NOSUID | MS_NODEV\n", "    flags = MS_NODEV\n"),
)
WITHOUT = ("no-new-privs", "filter", "landlock")


@pytest.fixture
def layer(arena: Arena, ranged: Caller) -> Path:
    """A setuid program of the container's uid 0, as unpacking for a range makes it."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to a subordinate id")
    lines = (line.split(":") for line in Path("/etc/subuid").read_text().splitlines())
    base = next(int(first) for name, first, _ in lines if name == "secure-test")
    folder = arena.image("setuid", suid="/")
    program = folder / "suid/attack"
    shutil.copy(arena.program, program)
    os.chown(program, base, base)
    program.chmod(0o4755)
    return folder


def test_the_bit_does_nothing(arena: Arena, ranged: Caller, layer: Path) -> None:
    found = said(arena.try_on(ranged, SHOW, layers=(layer,)))
    assert found == {"setuid": "EPERM", "nnp": "1"}


def test_each_of_the_two_walls_holds_alone(arena: Arena, ranged: Caller, layer: Path) -> None:
    by_mount = arena.try_on(ranged, SHOW, layers=(layer,), without=WITHOUT)
    assert said(by_mount) == {"setuid": "EPERM", "nnp": "0"}
    by_flag = arena.try_on(ranged, SHOW, layers=(layer,), replaced=SUID_ON)
    assert said(by_flag) == {"setuid": "EPERM", "nnp": "1"}


def test_control_without_both_the_program_is_uid_0_inside(
    arena: Arena, ranged: Caller, layer: Path
) -> None:
    found = arena.try_on(ranged, SHOW, layers=(layer,), without=WITHOUT, replaced=SUID_ON)
    assert said(found) == {"setuid": "0", "nnp": "0"}


def test_a_setuid_file_of_an_image_is_found_and_does_nothing(
    person: Account, images: Images
) -> None:
    busybox = Path(shutil.which("busybox") or "").read_bytes()
    path = images.made("setuid", NewFile(b"app/su", busybox, mode=0o4755))
    ended = person.secure("run", path, "sh", "-c", "ls -l /app/su; /app/su id -u")
    assert "-rws" not in ended.out
    assert "\n0\n" not in f"\n{ended.out}\n"
