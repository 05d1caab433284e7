"""What init sees as /: the image's layers, a small one of ours on top, and every planned mount.

The rules of `runtime.init` hold here too: nothing is imported once `enter` was called, and no path
of the image is resolved through a symbolic link.
"""

from __future__ import annotations

from secure import system as os
from secure.errors import LaunchError, MachineError
from secure.kernel.mount_trees import attach, clone_tree
from secure.kernel.mounts import (
    AT_EMPTY_PATH,
    AT_RECURSIVE,
    MNT_DETACH,
    MOUNT_ATTR_NODEV,
    MOUNT_ATTR_NOEXEC,
    MOUNT_ATTR_NOSUID,
    MOUNT_ATTR_RDONLY,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    mount,
    mount_setattr,
    pivot_root,
    umount2,
)
from secure.kernel.openat2 import NO_LINKS, openat2
from secure.runtime.mounts import DEV_LINKS, Mount, inodes_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.runtime.plan import Plan

_BASE = b"/tmp"  # exists everywhere; covered by a private tmpfs in a private namespace
_LOWER, _ROOT, _UPPER = b"/tmp/lower", b"/tmp/root", b"/tmp/upper"
_ATTRIBUTES = (
    (MS_RDONLY, MOUNT_ATTR_RDONLY),
    (MS_NOSUID, MOUNT_ATTR_NOSUID),
    (MS_NODEV, MOUNT_ATTR_NODEV),
    (MS_NOEXEC, MOUNT_ATTR_NOEXEC),
)


def built(plan: Plan, layers: list[int], sources: dict[str, int]) -> int:
    """Mount everything, in a mount namespace that is only ours.

    Args:
        layers: directories, opened with the caller's rights, base first.
        sources: for the target of each bind what it shows, see `open_source`.

    Returns:
        The directory that is to be the root.
    """
    # Nothing mounted here may reach the host, nor the other way round.
    mount(b"none", b"/", None, MS_REC | MS_PRIVATE)
    _make_skeleton(plan)
    _mount_root(plan, layers)
    root = os.open(_ROOT, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    for item in plan.mounts:
        _mount_one(root, item, sources.get(item.target, -1))
        if item.kind == "tmpfs":
            _make_places(root, item, plan)
    _mask(root, plan)
    # /dev was filled; now it is as read-only as planned. Device nodes stay writable.
    dev = _open_in(root, b"/dev")
    mount_setattr(dev, b"", _attributes(_flags_of(plan, "/dev")), AT_EMPTY_PATH)
    return root


def open_source(item: Mount) -> int:
    """A bind source: what the policy looked at, and nothing that took its place since."""
    fd = os.open(item.source, os.O_PATH | os.O_CLOEXEC)
    status = os.fstat(fd)
    if item.kind == "device":
        # CVE-2025-31133: only the real device, never what an attacker put in its place.
        if status.st_mode & 0o170000 != 0o020000:
            raise MachineError(f'"{item.source}" is not a character device on this machine')
    elif (status.st_dev, status.st_ino) != item.identity:
        raise LaunchError(f'"{item.source}" was exchanged while the container was being started')
    return fd


def _make_skeleton(plan: Plan) -> None:
    """A small layer of our own on top: every mount point, and hosts, hostname, resolv.conf."""
    mount(b"tmpfs", _BASE, b"tmpfs", MS_NOSUID | MS_NODEV, b"mode=755,size=1m,nr_inodes=4k")
    os.umask(0)
    for path in (_LOWER, _ROOT):
        os.mkdir(path, 0o755)
    for directory in plan.directories:
        os.mkdir(_LOWER + directory.encode(), 0o755)
    for name, content in plan.files:
        fd = os.open(_LOWER + name.encode(), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        os.write(fd, content.encode())
        os.close(fd)


def _mount_root(plan: Plan, layers: list[int]) -> None:
    lower = [_LOWER, *(b"/proc/self/fd/%d" % fd for fd in reversed(layers))]
    options = b"userxattr,lowerdir=" + b":".join(lower)
    flags = MS_NOSUID | MS_NODEV
    if plan.writable_bytes:
        os.mkdir(_UPPER, 0o755)
        inodes = inodes_for(plan.writable_bytes)
        size = b"mode=755,size=%d,nr_inodes=%d" % (plan.writable_bytes, inodes)
        mount(b"tmpfs", _UPPER, b"tmpfs", MS_NOSUID | MS_NODEV, size)
        os.mkdir(_UPPER + b"/data", 0o755)
        os.mkdir(_UPPER + b"/work", 0o755)
        options += b",upperdir=" + _UPPER + b"/data,workdir=" + _UPPER + b"/work"
    else:
        flags |= MS_RDONLY
    if len(options) >= 4096:
        raise MachineError(
            f"the image has {len(layers)} layers; mount(2) takes about 200",
            do="Squash the image when it is built.",
        )
    mount(b"overlay", _ROOT, b"overlay", flags, options)


def _mount_one(root: int, item: Mount, source: int) -> None:
    target = _open_in(root, item.target.encode())
    place = b"/proc/self/fd/%d" % target
    if item.kind in {"bind", "device"}:
        _bind(source, target, item.flags)
    elif item.kind == "dev":
        mount(b"tmpfs", place, b"tmpfs", item.flags & ~MS_RDONLY, item.options.encode())
        _fill_dev(_open_in(root, item.target.encode()))
    else:
        mount(item.kind.encode(), place, item.kind.encode(), item.flags, item.options.encode())
    os.close(target)


def _bind(source: int, target: int, flags: int) -> None:
    """What `source` is open on, over what `target` is open on: no path is asked for again.

    It has its attributes before it can be reached.
    """
    # Recursive: a user namespace may not uncover what its mounts hide.
    tree = clone_tree(source, recursive=True)
    if flags:
        mount_setattr(tree, b"", _attributes(flags), AT_EMPTY_PATH | AT_RECURSIVE)
    attach(tree, target)
    os.close(tree)


def _make_places(root: int, item: Mount, plan: Plan) -> None:
    """A fresh tmpfs hides the skeleton: what is mounted below it gets its place in it."""
    folder = _open_in(root, item.target.encode())
    for below in plan.mounts:
        if not below.target.startswith(f"{item.target}/"):
            continue
        # Empty until now and nobody's but ours: no link can lead out of it.
        place = f"/proc/self/fd/{folder}{below.target.removeprefix(item.target)}"
        os.makedirs(place if below.directory else os.path.dirname(place), 0o755, exist_ok=True)
        if not below.directory:
            os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))
    os.close(folder)


def _fill_dev(dev: int) -> None:
    for name in ("pts", "shm"):
        os.mkdir(name, 0o755, dir_fd=dev)
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o666, dir_fd=dev))
    for name, target in DEV_LINKS:
        os.symlink(target, name, dir_fd=dev)
    os.close(dev)


def _mask(root: int, plan: Plan) -> None:
    null = _open_in(root, b"/dev/null")
    for path in plan.masked:
        target = _open_in(root, path.encode())
        if os.fstat(target).st_mode & 0o170000 == 0o040000:
            options = b"mode=755,size=4k,nr_inodes=1"
            place = b"/proc/self/fd/%d" % target
            mount(b"tmpfs", place, b"tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, options)
        else:
            _bind(null, target, MS_RDONLY | MS_NOSUID | MS_NOEXEC)
        os.close(target)
    for path in plan.read_only:
        target = _open_in(root, path.encode())
        _bind(target, target, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
        os.close(target)


def _open_in(root: int, path: bytes) -> int:
    return openat2(root, path, os.O_PATH, NO_LINKS)


def _attributes(flags: int) -> int:
    return sum(attribute for flag, attribute in _ATTRIBUTES if flags & flag)


def _flags_of(plan: Plan, target: str) -> int:
    return next(item.flags for item in plan.mounts if item.target == target)


def enter(root: int) -> None:
    os.fchdir(root)
    # The old root lands on top of the new one and is taken off: no directory for it is needed.
    pivot_root(b".", b".")
    umount2(b".", MNT_DETACH)
    os.chdir("/")
