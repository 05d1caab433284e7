"""CVE-2025-52881: the runtime's own writes to /proc (labels, sysctls) were led to other files.

/proc/self/attr/exec turned into /proc/sysrq-trigger or core_pattern by a shared volume. Here init
writes to no file of /proc at all once the image is mounted: ids are mapped by the supervisor, in
the host's /proc. So decoys in the image and a volume stay as they are.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from attack import INIT, ROOTFS, Arena, Replacement
from containers import ROOT, Caller

pytestmark = pytest.mark.kernel

DECOYS = ("self/attr/exec", "thread-self/attr/exec", "sys/kernel/core_pattern", "sysrq-trigger",
          "self/oom_score_adj", "self/uid_map", "self/setgroups")  # fmt: skip
PLACES = dict.fromkeys(("dev", "sys", "etc", "run", "tmp", "data"), "/")
# As runtimes do: a label is written to /proc/self/attr/exec of the container's root.
LABEL: tuple[Replacement, ...] = (
    (
        ROOTFS,
        "    _mask(root, plan)\n",
        """\
    label = openat2(root, b"/proc/self/attr/exec", os.O_WRONLY, NO_LINKS & ~0x04)
    os.write(label, b"label")
    _mask(root, plan)
""",
    ),
)


def decoys(arena: Arena) -> Path:
    """A volume that looks like /proc."""
    volume = arena.open_folder("decoys")
    for name in DECOYS:
        (volume / name).parent.mkdir(parents=True, exist_ok=True)
        (volume / name).write_text("untouched")
        (volume / name).chmod(0o666)
    return volume


def contents(volume: Path) -> set[str]:
    return {(volume / name).read_text() for name in DECOYS}


def test_no_decoy_is_written(arena: Arena, who: Caller) -> None:
    volume = decoys(arena)
    image = arena.image("proc-to-decoys", proc="-> /data", **PLACES)
    found = arena.try_on(
        who, "stat -f -c %T /proc", layers=(image,), binds=[[str(volume), "/data", False]]
    )
    assert found.out == "proc\n"
    assert contents(volume) == {"untouched"}


def test_init_has_no_line_that_writes_to_proc() -> None:
    files = (ROOT / "secure" / name for name in (INIT, ROOTFS))
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    names = set(re.findall(r"""["'](/proc/[^"']*)["']""", source))
    assert names
    others = {name for name in names if not name.startswith("/proc/self/fd/")}
    assert others == set(), "descriptors are opened again through it, nothing else"


def test_control_a_label_written_by_name_goes_into_the_decoy(arena: Arena, user: Caller) -> None:
    # The volume lies where the link leads before /proc is mounted: in the image itself.
    files = {f"fake__{name.replace('/', '__')}": b"untouched" for name in DECOYS}
    image = arena.image("proc-to-fake", proc="-> /fake", **PLACES, **files)
    owner = user.uid if os.geteuid() == 0 else -1
    for path in (image / "fake", *(image / "fake").rglob("*")):
        os.chown(path, owner, owner)
    no_proc = (ROOTFS, "    for item in plan.mounts:\n", "    for item in plan.mounts[1:]:\n")
    writable = (ROOTFS, "if plan.writable_bytes:\n        os.mk", "if True:\n        os.mk")
    size = (ROOTFS, "% (plan.writable_bytes, inodes)", "% (65536, 99)")
    found = arena.try_on(
        user, "cat /fake/self/attr/exec", layers=(image,),
        without=("skeleton", "no-links", "landlock", "masks", "read-only"),
        replaced=(*LABEL, no_proc, writable, size),
    )  # fmt: skip
    assert found.out == "labelched", found.err
