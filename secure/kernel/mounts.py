"""mount(2), umount2(2), pivot_root(2), mount_setattr(2)."""

from __future__ import annotations

import errno

from secure.kernel.libc import syscall

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MS_NOSYMFOLLOW = 0x100
MNT_DETACH = 0x2

AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000
MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4
MOUNT_ATTR_NOEXEC = 0x8

_MOUNT_MEANS = {
    errno.ENOSPC: "too many mounts in this namespace (fs.mount-max)",
    errno.ELOOP: "overlay directories overlap",
    errno.EPERM: "not permitted here (a security module, or not allowed in user namespaces)",
}


_SETATTR_MEANS = {
    errno.ENOSYS: "this kernel has no mount_setattr: containers need Linux 5.12 or newer",
}


def mount(
    source: bytes, target: bytes, fstype: bytes | None, flags: int, options: bytes | None = None
) -> None:
    """mount(2).

    Raises:
        KernelError: with `target` and what errno means here.
    """
    syscall("mount", source, target, fstype, flags, options, target=target, means=_MOUNT_MEANS)


def umount2(target: bytes, flags: int) -> None:
    """umount2(2)."""
    syscall("umount2", target, flags, target=target)


def pivot_root(new_root: bytes, put_old: bytes) -> None:
    """pivot_root(2)."""
    syscall("pivot_root", new_root, put_old, target=new_root)


def mount_setattr(fd: int, path: bytes, set_attributes: int, flags: int = 0) -> None:
    """mount_setattr(2), Linux 5.12: add attributes to a mount, and with AT_RECURSIVE to all below.

    Unlike MS_REMOUNT it keeps attributes that are already set, so none can be lost.
    """
    # struct mount_attr { u64 attr_set, attr_clr, propagation, userns_fd }
    attributes = set_attributes.to_bytes(8, "little") + bytes(24)
    size = len(attributes)
    syscall("mount_setattr", fd, path, flags, attributes, size, target=path, means=_SETATTR_MEANS)
