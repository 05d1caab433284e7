"""CVE-2025-52565: the runtime mounted a pty on /dev/console before masks, through a link.

Why no control: nothing is mounted on /dev/console here, so there is no such mount to lead astray.
What is shown is that a terminal is a pty of the container's own devpts, opened after `pivot_root`
in a /dev of ours, whatever links the image has.
"""

from __future__ import annotations

import os
import pty
import select
import subprocess

import pytest
from attack import Arena
from containers import Caller

pytestmark = pytest.mark.kernel

IMAGE = {
    "dev__console": "-> /proc/sys/kernel/core_pattern",
    "dev__pts": "-> /proc/sys/kernel",
    "dev__ptmx": "-> /proc/sysrq-trigger",
    "dev__tty": "-> /proc/kmsg",
}
LOOK = (
    "tty; for f in console pts tty; do readlink /dev/$f; done; ls /dev/pts; "
    "stat -f -c %T /dev/pts; "
    "[ -e /dev/console ] && echo console; stat -c %t:%T /dev/ptmx -L; echo end"
)


def on_a_terminal(arena: Arena, who: Caller) -> list[str]:
    """The lines that a script prints on the container's own terminal."""
    master, slave = pty.openpty()
    layers = [str(p) for p in (arena.shop.rootfs, arena.layer, arena.image("console", **IMAGE))]
    text = b""
    with arena.shop.prepared(
        who, {"layers": layers, "terminal": True, "interactive": True}
    ) as spec:
        process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *arena.shop.command(spec, None, "sh", "-c", LOOK)],
            stdin=slave, stdout=slave, stderr=slave, **who.credentials,
        )  # fmt: skip
        while b"end\r\n" not in text and select.select([master], [], [], 20)[0]:
            text += os.read(master, 4096)
        process.wait(20)
    os.close(slave)
    os.close(master)
    return text.decode().splitlines()


def test_the_terminal_is_ours_whatever_the_image_has_in_dev(arena: Arena, who: Caller) -> None:
    assert on_a_terminal(arena, who) == ["/dev/pts/0", "0     ptmx", "devpts", "5:2", "end"]
