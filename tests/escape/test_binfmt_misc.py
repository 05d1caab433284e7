"""binfmt_misc: whoever writes its register file decides which program runs other programs.

Since Linux 6.7 a user namespace may mount an instance of its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from attack import Arena, said
from containers import Caller

pytestmark = pytest.mark.kernel

NEW = 0x10000000 | 0x20000
MOUNT = f"/bin/attack call unshare {NEW} -- mount =none =/tmp =binfmt_misc 0 0"
REGISTER = "/bin/attack call open =/proc/sys/fs/binfmt_misc/register 1"


def test_binfmt_misc_is_neither_mounted_nor_written(arena: Arena, who: Caller) -> None:
    found = said(arena.try_on(who, f"{MOUNT}; {REGISTER}"))
    assert found["mount"] == "EPERM"
    assert found["open"] in {"EROFS", "ENOENT"}


def test_control_without_filter_and_landlock_it_is_mounted(arena: Arena, who: Caller) -> None:
    if "binfmt_misc" not in Path("/proc/filesystems").read_text():
        pytest.skip("this kernel has no binfmt_misc")
    found = said(arena.try_on(who, MOUNT, without=("filter", "landlock")))
    assert found["unshare"] == "0"
    if found["mount"] == "EPERM":
        pytest.skip("before Linux 6.7 no user namespace may mount binfmt_misc")
    assert found["mount"] == "0"
