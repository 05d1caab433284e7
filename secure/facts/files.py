"""What policy needs to know of single files."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from secure.facts.location import Location


class FileTag(StrEnum):
    """Why a file is worth a fact."""

    SETUID = "setuid"
    SETGID = "setgid"
    CAPABILITIES = "file-capabilities"
    WORLD_WRITABLE = "world-writable"
    DEVICE = "device-node"
    SPECIAL = "fifo-or-socket"
    SHELL = "shell"
    PACKAGE_MANAGER = "package-manager"
    COMPILER = "compiler"
    PRIVILEGE_TOOL = "privilege-tool"  # sudo, su, doas, pkexec
    REMOTE_LOGIN = "remote-login-server"  # sshd, telnetd, …


class FileFact(msgspec.Struct, frozen=True, gc=False):
    """A file with at least one `FileTag`. `mode` holds permission bits only (0o7777)."""

    location: Location
    tags: tuple[FileTag, ...]
    mode: int
    uid: int
    gid: int
    size: int = 0
    detail: str = ""  # capability names, device numbers, link target


# What has to be read for the accounts to be known; a link in the place of "etc" hides both files.
ACCOUNT_PLACES = ("etc", "etc/passwd", "etc/shadow")


class Account(msgspec.Struct, frozen=True):
    """One line of /etc/passwd joined with its password state from /etc/shadow.

    `password`: "locked", "hash", "empty" or "" where the image has no shadow file.
    """

    name: str
    uid: int
    gid: int
    home: str
    shell: str
    password: str = ""


class Group(msgspec.Struct, frozen=True):
    """One line of /etc/group."""

    name: str
    gid: int


class OsRelease(msgspec.Struct, frozen=True):
    """The fields of os-release(5) that identify a distribution; "" where absent."""

    id: str = ""
    version_id: str = ""
    version_codename: str = ""
    id_like: tuple[str, ...] = ()
    name: str = ""
    pretty_name: str = ""
