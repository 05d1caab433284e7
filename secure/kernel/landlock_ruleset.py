"""landlock_create_ruleset(2), landlock_add_rule(2), landlock_restrict_self(2).

Source: Linux userspace-api/landlock, "ABI" 1 to 7; include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import errno

from secure import system as os
from secure.errors import KernelError
from secure.kernel.libc import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LANDLOCK_CREATE_RULESET_VERSION = 1
LANDLOCK_RULE_PATH_BENEATH = 1
LANDLOCK_RULE_NET_PORT = 2

LANDLOCK_ACCESS_FS_EXECUTE = 1 << 0
LANDLOCK_ACCESS_FS_WRITE_FILE = 1 << 1
LANDLOCK_ACCESS_FS_READ_FILE = 1 << 2
LANDLOCK_ACCESS_FS_READ_DIR = 1 << 3
LANDLOCK_ACCESS_FS_REMOVE_DIR = 1 << 4
LANDLOCK_ACCESS_FS_REMOVE_FILE = 1 << 5
LANDLOCK_ACCESS_FS_MAKE_CHAR = 1 << 6
LANDLOCK_ACCESS_FS_MAKE_DIR = 1 << 7
LANDLOCK_ACCESS_FS_MAKE_REG = 1 << 8
LANDLOCK_ACCESS_FS_MAKE_SOCK = 1 << 9
LANDLOCK_ACCESS_FS_MAKE_FIFO = 1 << 10
LANDLOCK_ACCESS_FS_MAKE_BLOCK = 1 << 11
LANDLOCK_ACCESS_FS_MAKE_SYM = 1 << 12
LANDLOCK_ACCESS_FS_REFER = 1 << 13  # ABI 2: rename and link between directories
LANDLOCK_ACCESS_FS_TRUNCATE = 1 << 14  # ABI 3
LANDLOCK_ACCESS_FS_IOCTL_DEV = 1 << 15  # ABI 5
LANDLOCK_ACCESS_NET_BIND_TCP = 1 << 0  # ABI 4
LANDLOCK_ACCESS_NET_CONNECT_TCP = 1 << 1  # ABI 4
LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0  # ABI 6
LANDLOCK_SCOPE_SIGNAL = 1 << 1  # ABI 6

_MEANS = {
    errno.EPERM: "no_new_privs is not set, and CAP_SYS_ADMIN is not held",
    errno.E2BIG: "16 rulesets are stacked already",
    errno.EBADFD: "this object cannot carry a rule",
}


def abi() -> int:
    """The Landlock version of this kernel; 0 where it is missing or switched off."""
    try:
        return syscall("landlock_create_ruleset", None, 0, LANDLOCK_CREATE_RULESET_VERSION)
    except KernelError as error:
        if error.number in (errno.ENOSYS, errno.EOPNOTSUPP):
            return 0
        raise


def known_fs(version: int) -> int:
    """All file rights that ABI `version` can handle."""
    first_without = (13, 13, 14, 15, 15)  # ABI 0 to 4
    return (1 << (first_without[version] if version < len(first_without) else 16)) - 1


def restrict(
    rules: Sequence[tuple[int, int]],
    *,
    fs: int = 0,
    net: int = 0,
    ports: Sequence[tuple[int, int]] = (),
    scoped: int = 0,
) -> None:
    """Make a ruleset and enter it.

    Args:
        rules: (descriptor, LANDLOCK_ACCESS_FS_…): rights beneath an open file or directory.
        fs, net: rights that are refused unless a rule grants them.
        ports: (TCP port, LANDLOCK_ACCESS_NET_…).
        scoped: LANDLOCK_SCOPE_….

    Raises:
        KernelError: with the call and what errno means here.
    """
    # struct landlock_ruleset_attr grew with the ABI; trailing zeros may be sent to any kernel.
    attributes = b"".join(part.to_bytes(8, "little") for part in (fs, net, scoped))
    while len(attributes) > 8 and attributes.endswith(bytes(8)):
        attributes = attributes[:-8]
    ruleset = syscall("landlock_create_ruleset", attributes, len(attributes), 0, means=_MEANS)
    try:
        for fd, rights in rules:
            beneath = rights.to_bytes(8, "little") + fd.to_bytes(4, "little")
            _add_rule(ruleset, LANDLOCK_RULE_PATH_BENEATH, beneath, f"descriptor {fd}")
        for port, rights in ports:
            net_port = rights.to_bytes(8, "little") + port.to_bytes(8, "little")
            _add_rule(ruleset, LANDLOCK_RULE_NET_PORT, net_port, f"port {port}")
        syscall("landlock_restrict_self", ruleset, 0, means=_MEANS)
    finally:
        os.close(ruleset)


def _add_rule(ruleset: int, kind: int, attributes: bytes, target: str) -> None:
    syscall("landlock_add_rule", ruleset, kind, attributes, 0, target=target, means=_MEANS)
