"""Mounts as descriptors: open_tree(2), move_mount(2), fsopen(2), idmapped mounts. Linux 5.12."""

from __future__ import annotations

import errno

from secure import system as os
from secure.kernel.libc import syscall
from secure.kernel.mounts import AT_EMPTY_PATH, AT_RECURSIVE, MS_PRIVATE

_AT_FDCWD = -100
_OPEN_TREE_CLONE = 1
_MOVE_MOUNT_F_EMPTY_PATH = 0x4
_MOVE_MOUNT_T_EMPTY_PATH = 0x40
_FSCONFIG_CMD_CREATE = 6
_MOUNT_ATTR_NO_LINKS_OUT = 0x2 | 0x4 | 0x8  # nosuid, nodev, noexec
_MOUNT_ATTR_IDMAP = 0x100000

_IDMAP_MEANS = {
    errno.ENOSYS: "this kernel has no mount_setattr: containers need Linux 5.12 or newer",
    errno.EINVAL: "this file system cannot be mounted with other ids (overlay cannot)",
    errno.EPERM: "the file system belongs to another user namespace",
}


def clone_tree(fd: int, *, recursive: bool) -> int:
    """A copy of the mount behind `fd`, attached nowhere."""
    flags = _OPEN_TREE_CLONE | AT_EMPTY_PATH | os.O_CLOEXEC
    return syscall("open_tree", fd, b"", flags | (AT_RECURSIVE if recursive else 0), target="tree")


def shift_ids(fd: int, user_namespace: int, target: str, *, recursive: bool) -> None:
    """Let the ids on disk mean the ids inside `user_namespace`: an idmapped mount.

    It becomes private as well. A copy of a shared mount is its peer, in whatever namespace: what is
    mounted below it inside would show on the host, and pivot_root(2) refuses it.

    Raises:
        KernelError: the file system cannot do it.
    """
    # struct mount_attr { u64 attr_set, attr_clr, propagation, userns_fd }
    fields = (_MOUNT_ATTR_IDMAP, 0, MS_PRIVATE, user_namespace)
    attributes = b"".join(field.to_bytes(8, "little") for field in fields)
    flags = AT_EMPTY_PATH | (AT_RECURSIVE if recursive else 0)
    size = len(attributes)
    syscall("mount_setattr", fd, b"", flags, attributes, size, target=target, means=_IDMAP_MEANS)


def attach(fd: int, target: int) -> None:
    """Mount a tree that is attached nowhere on what `target` is open on."""
    flags = _MOVE_MOUNT_F_EMPTY_PATH | _MOVE_MOUNT_T_EMPTY_PATH
    syscall("move_mount", fd, b"", target, b"", flags, target="tree")


def own_proc() -> int:
    """A procfs of this pid namespace that nobody can have put anything over (CVE-2025-52881)."""
    context = syscall("fsopen", b"proc", 1, target="proc")
    try:
        syscall("fsconfig", context, _FSCONFIG_CMD_CREATE, None, None, 0, target="proc")
        return syscall("fsmount", context, 1, _MOUNT_ATTR_NO_LINKS_OUT, target="proc")
    finally:
        os.close(context)
