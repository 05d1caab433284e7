"""os-release, accounts, file facts and file capabilities."""

from __future__ import annotations

import struct

import pytest

from secure.facts.files import Account, FileTag
from secure.facts.image import Unreadable
from secure.images.entry import (
    BLOCK_DEVICE,
    CHARACTER,
    DIRECTORY,
    FIFO,
    FILE,
    HARDLINK,
    SYMLINK,
    Entry,
)
from secure.scan.accounts import joined, parse_passwd, parse_shadow, password_state
from secure.scan.cataloger import FileView
from secure.scan.file_capabilities import capability_names
from secure.scan.file_facts import file_fact
from secure.scan.layer_facts import Shadow
from secure.scan.os_release import parse_os_release

CAPABILITY = b"security.capability"


def entry(name: bytes, kind: int = FILE, mode: int = 0o755, link: bytes = b"") -> Entry:
    return Entry(name, kind, mode, 0, 0, 0, 0, link, (1, 3))


def tags(item: Entry) -> tuple[FileTag, ...]:
    fact = file_fact(item)
    return fact.tags if fact else ()


def test_os_release_values_are_unquoted_like_a_shell_does() -> None:
    release = parse_os_release(b'ID="deb\\"ian"\nVERSION_ID=\'13\'\nID_LIKE="a b"\n#ID=no\n')
    assert (release.id, release.version_id, release.id_like) == ('deb"ian', "13", ("a", "b"))


def test_the_last_assignment_of_os_release_counts() -> None:
    assert parse_os_release(b"ID=a\nID=b\n").id == "b"


def test_an_empty_os_release_is_empty() -> None:
    assert parse_os_release(b"").id == ""


@pytest.mark.parametrize(
    ("field", "state"),
    [
        ("", "empty"),
        ("*", "locked"),
        ("!", "locked"),
        ("!$6$salt$hash", "locked"),
        ("$6$salt$hash", "hash"),
        ("_J9..rasmBYk8r9AiWNc", "hash"),
        ("rl.3StKT.4T8M", "hash"),
        ("x", "locked"),
    ],
)
def test_a_password_field_tells_who_may_log_in(field: str, state: str) -> None:
    assert password_state(field) == state


def test_passwd_and_shadow_are_joined() -> None:
    raw = b"root:x:0:0:r:/root:/bin/sh\nopen::1:1::/:/bin/sh\nghost:x:2:2::/:\n"
    people = tuple(a for a in parse_passwd(FileView(b"etc/passwd", raw)) if isinstance(a, Account))
    accounts = joined(people, (Shadow("root", "empty"),))
    assert [a.password for a in accounts] == ["empty", "empty", ""]


def test_a_line_that_is_no_account_is_reported() -> None:
    (found,) = parse_passwd(FileView(b"etc/passwd", b"root:x:zero:0::/:\n"))
    assert isinstance(found, Unreadable)


def test_a_uid_beyond_32_bits_is_cut_as_programs_cut_it() -> None:
    raw = b"toor:x:4294967296:0::/:/bin/sh\n"
    (account,) = parse_passwd(FileView(b"etc/passwd", raw))
    assert isinstance(account, Account)
    assert account.uid == 0


def test_a_shadow_line_without_fields_is_reported() -> None:
    (found,) = parse_shadow(FileView(b"etc/shadow", b"root\n"))
    assert isinstance(found, Unreadable)


def test_plain_files_give_no_fact() -> None:
    assert file_fact(entry(b"usr/share/doc/x", mode=0o644)) is None
    assert file_fact(entry(b"tmp", DIRECTORY, 0o1777)) is None


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (entry(b"bin/x", mode=0o4755), (FileTag.SETUID,)),
        (entry(b"bin/x", mode=0o2755), (FileTag.SETGID,)),
        (entry(b"bin/x", mode=0o6755), (FileTag.SETUID, FileTag.SETGID)),
        (entry(b"bin/x", mode=0o2745), ()),  # no group execute: lends no group
        (entry(b"srv/x", mode=0o666), (FileTag.WORLD_WRITABLE,)),
        (entry(b"srv", DIRECTORY, 0o777), (FileTag.WORLD_WRITABLE,)),
        (entry(b"dev/null", CHARACTER, 0o666), (FileTag.DEVICE,)),
        (entry(b"dev/sda", BLOCK_DEVICE, 0o660), (FileTag.DEVICE,)),
        (entry(b"run/pipe", FIFO), (FileTag.SPECIAL,)),
        (entry(b"bin/sh", SYMLINK, link=b"/bin/busybox"), (FileTag.SHELL,)),
        (entry(b"bin/sh", HARDLINK, 0o644, link=b"bin/busybox"), (FileTag.SHELL,)),
        (entry(b"usr/bin/gcc-12"), (FileTag.COMPILER,)),
        (entry(b"usr/bin/x86_64-linux-gnu-gcc-12"), (FileTag.COMPILER,)),
        (entry(b"usr/local/bin/pip3.11"), (FileTag.PACKAGE_MANAGER,)),
        (entry(b"usr/bin/sudo", mode=0o4755), (FileTag.SETUID, FileTag.PRIVILEGE_TOOL)),
        (entry(b"usr/sbin/sshd"), (FileTag.REMOTE_LOGIN,)),
        (entry(b"usr/share/bash"), ()),
        (entry(b"bin/sh", mode=0o644), ()),
    ],
)
def test_tags_follow_from_name_kind_and_mode(item: Entry, expected: tuple[FileTag, ...]) -> None:
    assert tags(item) == expected


def capability(
    revision: int, permitted: int, inheritable: int = 0, root: int | None = None
) -> bytes:
    low, high = permitted & 0xFFFFFFFF, permitted >> 32
    words = [revision << 24 | 1, low, inheritable & 0xFFFFFFFF, high, inheritable >> 32]
    return struct.pack("<5I", *words) + (b"" if root is None else struct.pack("<I", root))


def test_file_capabilities_are_named() -> None:
    raw = capability(2, 1 << 13 | 1 << 38)
    assert capability_names({CAPABILITY: raw}) == "CAP_NET_RAW,CAP_PERFMON=ep"


def test_namespaced_file_capabilities_name_their_root() -> None:
    raw = capability(3, 1 << 21, 1 << 0, root=1000)
    shown = "CAP_SYS_ADMIN=ep CAP_CHOWN=ei rootid=1000"
    assert capability_names({CAPABILITY: raw}) == shown


def test_capabilities_that_cannot_be_read_are_still_said() -> None:
    assert "unreadable" in capability_names({CAPABILITY: b"\1\2"})


def test_a_file_with_capabilities_has_the_tag() -> None:
    item = Entry(b"bin/ping", FILE, 0o755, 0, 0, 0, 0, xattrs={CAPABILITY: capability(2, 1 << 13)})
    assert tags(item) == (FileTag.CAPABILITIES,)
