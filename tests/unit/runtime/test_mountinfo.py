"""Reading /proc/PID/mountinfo."""

from __future__ import annotations

import os

import pytest

from secure.runtime.observe import parse_mountinfo, root_mount


def test_optional_fields_vary_in_number() -> None:
    text = (
        "36 35 98:0 /mnt1 /a rw,noatime shared:1 master:2 - ext3 /dev/root rw,errors=continue\n"
        "37 35 0:5 / /b ro,nosuid - proc proc rw\n"
    )
    first, second = parse_mountinfo(text)
    assert (first.target, first.fstype, first.propagation) == ("/a", "ext3", "shared")
    assert first.super_options == ("errors=continue", "rw")
    assert (second.options, second.propagation) == (("nosuid", "ro"), "private")


def test_escaped_characters_come_back() -> None:
    text = r"36 35 98:0 / /a\040b\011c\012d\134e rw - tmpfs x\040y rw" + "\n"
    (found,) = parse_mountinfo(text)
    assert found.target == "/a b\tc\nd\\e"
    assert found.source == "x y"


def test_the_mounts_of_a_process_that_has_ended_are_not_there() -> None:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    try:
        with pytest.raises(FileNotFoundError, match="the process has ended"):
            root_mount(pid)
    finally:
        os.waitpid(pid, 0)
