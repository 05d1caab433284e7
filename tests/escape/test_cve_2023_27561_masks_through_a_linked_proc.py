"""CVE-2023-27561 (CVE-2019-19921 once more): a volume exchanged with /proc escapes the masks.

Here no masked path is resolved through a link, and none through what a volume holds: volumes are
mounted after /proc and /sys, never on or above them.
"""

from __future__ import annotations

import pytest
from attack import Arena, said
from containers import Caller

from secure.errors import UsageError
from secure.runtime.binds import look_at
from secure.runtime.plan import MASKED

pytestmark = pytest.mark.kernel

READ_ALL = (
    f"for p in {' '.join(MASKED)}; do [ -d $p ] && ls -A $p; [ -f $p ] && cat $p; "
    "[ -c $p ] && cat $p; done 2>/dev/null; echo end=1"
)
LINKS: dict[str, str | bytes] = {
    "proc": "-> /data/proc",
    "sys": "-> /data/sys",
    "dev": "-> /data",
    "data__proc__keys": b"attacker's keys",
    "data__sys__kernel__x": b"x",
}


def test_every_masked_path_is_empty_whatever_links_the_image_has(arena: Arena, who: Caller) -> None:
    volume = arena.open_folder("volume")
    (volume / "proc").mkdir()
    (volume / "proc/keys").write_text("attacker's keys")
    image = arena.image("links-everywhere", **LINKS)
    found = arena.try_on(who, READ_ALL, layers=(image,), binds=[[str(volume), "/data", False]])
    assert found.out == "end=1\n"


@pytest.mark.parametrize(
    "target", ["/proc", "/proc/keys", "/sys/kernel", "/dev/null", "/x/../proc"]
)
def test_no_volume_goes_on_or_above_kernel_files(arena: Arena, target: str) -> None:
    with pytest.raises(UsageError):
        look_at(str(arena.open_folder("volume")), target, read_only=True)


def test_control_without_masks_the_files_speak(arena: Arena, who: Caller) -> None:
    found = arena.try_on(who, READ_ALL, without=("masks",))
    assert len(found.out) > len("end=1\n")


def test_control_with_links_followed_the_attackers_file_is_read(arena: Arena, user: Caller) -> None:
    places = dict.fromkeys(("dev", "sys", "etc", "run", "tmp"), "/")
    image = arena.image("proc-is-fake", proc="-> /fake", fake="/", real="/", **places)
    found = arena.try_on(
        user, "echo link=$(readlink /proc)", layers=(image,),
        without=("skeleton", "no-links", "landlock"),
    )  # fmt: skip
    assert said(found) == {"link": "/fake"}, found.err
