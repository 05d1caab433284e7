"""Inside: the mounts of a bundle. Part of init's sequence (`inside`), and by the same rules:
nothing is imported later, no path is resolved twice, none outside the container's root.
"""

from __future__ import annotations

import os

from secure.errors import KernelError, LaunchError, MachineError
from secure.kernel import mount_trees
from secure.kernel.libc import syscall
from secure.kernel.mounts import (
    AT_EMPTY_PATH,
    AT_RECURSIVE,
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_RDONLY,
    MS_REC,
    mount,
    mount_setattr,
)
from secure.kernel.openat2 import IN_IMAGE, NO_LINKS, openat2
from secure.runtime.mounts import DEV_LINKS, DEVICES
from secure.runtime.oci.mount_options import attributes_of
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.runtime.oci.mount_options import BundleMount
    from secure.runtime.oci.plan import BundlePlan

# Where a link of the image must not lead a kernel file system (CVE-2019-19921, CVE-2023-28642).
_STRICT = ("/proc", "/sys", "/dev")
_ENOENT, _ENOTDIR, _EINVAL = 2, 20, 22
_DIRECTORY, _FORMAT = 0o040000, 0o170000
_COPY_MAX_BYTES, _COPY_MAX_FILES = 64 << 20, 10_000
_HIDDEN = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC


@value
class Sources:
    """What was opened with the caller's rights before anything was mounted.

    Args:
        trees: index of a mount -> a tree with shifted ids, attached nowhere.
        binds: index of a mount -> its source. devices: path inside -> the node.
        cgroups: (name, options) of each v1 hierarchy; empty on v2.
    """

    trees: dict[int, int]
    binds: dict[int, int]
    devices: dict[str, int]
    cgroups: tuple[tuple[str, str], ...]


def open_sources(plan: BundlePlan, trees: dict[int, int]) -> Sources:
    """Open what will be bound; each is looked up once."""
    binds = {
        index: os.open(item.source, os.O_PATH | os.O_CLOEXEC)
        for index, item in enumerate(plan.mounts)
        if item.kind == "bind" and index not in trees
    }
    devices = {target: _open_device(target, found) for target, found in plan.devices}
    with open("/proc/self/cgroup", "rb") as file:
        # UTF-8 is what the interpreter has loaded; any other encoding would be an import.
        lines = [line.split(":", 2) for line in file.read().decode().splitlines()]
    cgroups = tuple(
        (names.removeprefix("name="), f"none,{names}" if "=" in names else names)
        for _, names, _ in lines
        if names
    )
    return Sources(trees, binds, devices, cgroups)


def _open_device(target: str, found: str) -> int:
    """The host's node: really that device (CVE-2025-31133), and bound, as none can be made here."""
    path = found if found.startswith("/") else target
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    status = os.fstat(fd)
    numbers = (os.major(status.st_rdev), os.minor(status.st_rdev))
    if found.startswith("/"):
        wanted = next((major, minor) for name, major, minor in DEVICES if path == f"/dev/{name}")
        kind = "c"
    else:
        kind, *rest = found.split(":")
        major, minor, *owner = map(int, rest)
        wanted = major, minor
        shown = (status.st_mode & 0o7777, status.st_uid, status.st_gid)
        # The node is bound as it is, so what the config says of it must be so already.
        if any(asked not in {-1, there} for asked, there in zip(owner, shown, strict=True)):
            raise MachineError(
                f'linux.devices: "{path}" of this machine has another mode or owner',
                do="Leave fileMode, uid and gid out.",
            )
    format_ = 0o060000 if kind == "b" else 0o020000
    if numbers != wanted or status.st_mode & _FORMAT != format_:
        raise MachineError(f'linux.devices: "{path}" of this machine is not {kind} {wanted}')
    return fd


def mount_all(root: int, plan: BundlePlan, sources: Sources) -> None:
    """Everything below the root, in the order of config.json."""
    for index, item in enumerate(plan.mounts):
        if item.kind == "bind":
            _bind(root, item, sources.binds.get(index, -1), sources.trees.get(index, -1))
        elif item.kind == "cgroup":
            _mount_cgroups(root, item, sources.cgroups)
        else:
            _mount_fresh(root, item)
        if item.propagation:
            place = b"/proc/self/fd/%d" % _open(root, item.target)
            mount(b"none", place, None, item.propagation)


def _bind(root: int, item: BundleMount, source: int, tree: int) -> None:
    looked_at = source if tree < 0 else tree
    directory = os.fstat(looked_at).st_mode & _FORMAT == _DIRECTORY
    target = _place(root, item.target, directory=directory)
    if tree >= 0:
        mount_trees.attach(tree, target)
    else:
        _bind_fd(source, target, recursive=item.recursive)
    os.close(target)
    for flags, more in ((item.flags, 0), (item.below, AT_RECURSIVE)):
        if flags:
            set_attributes(_open(root, item.target), flags, more)


def _bind_fd(source: int, target: int, *, recursive: bool) -> None:
    names = b"/proc/self/fd/%d" % source, b"/proc/self/fd/%d" % target
    try:
        mount(*names, None, MS_BIND | (MS_REC if recursive else 0))
    except KernelError as error:
        # A user namespace may not uncover what the mounts below a source hide.
        if recursive or error.number != _EINVAL:
            raise
        mount(*names, None, MS_BIND | MS_REC)


_SHOWN = {
    "sysfs": "It shows a network namespace, which has to belong to the container's user namespace.",
    "proc": "It shows a pid namespace, which has to belong to the container's user namespace.",
}


def _mount_fresh(root: int, item: BundleMount) -> None:
    target = _place(root, item.target, directory=True)
    place = b"/proc/self/fd/%d" % target
    # Read-only comes last: it may have to be filled first.
    late = MS_RDONLY if item.kind == "tmpfs" else 0
    kind = item.kind.encode()
    try:
        mount(item.source.encode() or kind, place, kind, item.flags & ~late, item.options.encode())
    except KernelError as cause:
        raise MachineError(
            f'mounts: {item.kind} on "{item.target}": {cause}', do=_SHOWN.get(item.kind, "")
        ) from cause
    if item.copy_up:
        _copy_up(target, _open(root, item.target))
    if item.flags & late or item.below:
        set_attributes(_open(root, item.target), item.flags | item.below)
    os.close(target)


def _mount_cgroups(root: int, item: BundleMount, v1: tuple[tuple[str, str], ...]) -> None:
    target = _place(root, item.target, directory=True)
    place = b"/proc/self/fd/%d" % target
    if not v1:
        mount(b"cgroup2", place, b"cgroup2", item.flags)
        os.close(target)
        return
    mount(b"tmpfs", place, b"tmpfs", item.flags & ~MS_RDONLY, b"mode=755,size=64k")
    folder = _open(root, item.target)
    for name, options in v1:
        os.mkdir(name, 0o755, dir_fd=folder)
        inner = openat2(folder, name.encode(), os.O_PATH, NO_LINKS)
        # Of this cgroup namespace: the container's own cgroup is the top.
        mount(b"cgroup", b"/proc/self/fd/%d" % inner, b"cgroup", item.flags, options.encode())
        os.close(inner)
    set_attributes(folder, item.flags)
    os.close(target)


def add_devices(root: int, sources: Sources, *, terminal: bool) -> None:
    """Device nodes, links and the place of /dev/console (config-linux.md, "Default Devices")."""
    for path, source in sources.devices.items():
        target = _place(root, path, directory=False)
        _bind_fd(source, target, recursive=False)
        os.close(target)
    dev = _open(root, "/dev")
    for name, leads_to in DEV_LINKS:
        try:
            if name == "ptmx":
                _remove(dev, name)
            os.symlink(leads_to, name, dir_fd=dev)
        except FileExistsError:
            continue  # the image's or the engine's own; it leads nowhere but into the container
    os.close(dev)
    if terminal:
        os.close(_place(root, "/dev/console", directory=False))


def _remove(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return


def mask(root: int, plan: BundlePlan, null: int) -> None:
    """maskedPaths and readonlyPaths; one that this kernel or image lacks needs no cover."""
    for path in plan.masked:
        target = _open_if_there(root, path)
        if target < 0:
            continue
        place = b"/proc/self/fd/%d" % target
        if os.fstat(target).st_mode & _FORMAT == _DIRECTORY:
            mount(b"tmpfs", place, b"tmpfs", _HIDDEN, b"mode=755,size=4k,nr_inodes=1")
        else:
            _bind_fd(null, target, recursive=False)
            set_attributes(_open(root, path), MS_RDONLY | MS_NOSUID | MS_NOEXEC)
        os.close(target)
    for path in plan.read_only:
        target = _open_if_there(root, path)
        if target < 0:
            continue
        _bind_fd(target, target, recursive=True)
        set_attributes(_open(root, path), MS_RDONLY, AT_RECURSIVE)
        os.close(target)


def set_attributes(fd: int, flags: int, more: int = 0) -> None:
    """Add MS_… flags to the mount behind `fd`, and close it."""
    mount_setattr(fd, b"", attributes_of(flags), AT_EMPTY_PATH | more)
    os.close(fd)


def write_sysctls(plan: BundlePlan) -> None:
    """Through a procfs of our own that nothing can lie over (CVE-2025-52881)."""
    if not plan.sysctl:
        return
    proc = mount_trees.own_proc()
    for name, text in plan.sysctl:
        fd = openat2(proc, b"sys/" + name.encode(), os.O_WRONLY, NO_LINKS)
        try:
            os.write(fd, text.encode())
        except OSError as cause:
            setting = name.replace("/", ".")
            raise MachineError(
                f'linux.sysctl: "{setting}" does not take "{text}": {cause.strerror}'
            ) from cause
        finally:
            os.close(fd)
    os.close(proc)


def sethostname(plan: BundlePlan) -> None:
    """Both names of the UTS namespace."""
    for call, name in (("sethostname", plan.hostname), ("setdomainname", plan.domainname)):
        if name:
            syscall(call, name.encode(), len(name.encode()), target=name)


def _open(root: int, path: str) -> int:
    return openat2(root, path.encode(), os.O_PATH, _resolve(path))


def _open_if_there(root: int, path: str) -> int:
    try:
        return openat2(root, path.encode(), os.O_PATH, NO_LINKS)
    except KernelError as error:
        if error.number not in {_ENOENT, _ENOTDIR}:
            raise
        return -1


def _resolve(path: str) -> int:
    strict = any(path == top or path.startswith(top + "/") for top in _STRICT)
    return NO_LINKS if strict else IN_IMAGE


def _place(root: int, path: str, *, directory: bool) -> int:
    """The mount point, made if missing, as runtimes do; never through a link out of the root."""
    try:
        found = _open(root, path)
    except KernelError as error:
        if error.number != _ENOENT:
            raise LaunchError(f'"{path}" is no place for a mount: {error}') from error
        found = -1
    if found < 0:
        head, _, name = path.rpartition("/")
        parent = _place(root, head, directory=True) if head else os.dup(root)
        try:
            if directory:
                os.mkdir(name, 0o755, dir_fd=parent)
            else:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                os.close(os.open(name, flags, 0o644, dir_fd=parent))
        except FileExistsError:
            pass  # somebody else was faster, or a link to nowhere: the open below tells
        except OSError as cause:
            raise LaunchError(
                f'"{path}" cannot be made for a mount: {cause.strerror}',
                do="Make it in the root file system, or make that writable for this user.",
            ) from cause
        os.close(parent)
        found = _open(root, path)
    if directory != (os.fstat(found).st_mode & _FORMAT == _DIRECTORY):
        word = "a directory" if directory else "no directory"
        raise LaunchError(f'"{path}" has to be {word} for what is mounted there')
    return found


def _copy_up(source: int, target: int, budget: list[int] | None = None) -> None:
    """Copy the image's files below a fresh tmpfs into it; regular files, directories and links."""
    budget = budget if budget is not None else [_COPY_MAX_BYTES, _COPY_MAX_FILES]
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=source)
    for name in os.listdir(here):
        budget[1] -= 1
        if budget[1] < 0 or budget[0] < 0:
            raise LaunchError("tmpcopyup: more than 10,000 files or 64 MiB to copy")
        status = os.stat(name, dir_fd=here, follow_symlinks=False)
        kind = status.st_mode & _FORMAT
        if kind == _DIRECTORY:
            os.mkdir(name, status.st_mode & 0o7777, dir_fd=target)
            flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
            pair = [os.open(name, flags, dir_fd=fd) for fd in (here, target)]
            _copy_up(pair[0], pair[1], budget)
            os.close(pair[0])
            os.close(pair[1])
        elif kind == 0o120000:
            os.symlink(os.readlink(name, dir_fd=here), name, dir_fd=target)
        elif kind == 0o100000:
            _copy_file(here, target, name, budget)
        else:
            continue  # sockets, pipes and devices are not copied
        os.chown(name, status.st_uid, status.st_gid, dir_fd=target, follow_symlinks=False)
    os.close(here)


def _copy_file(here: int, target: int, name: str, budget: list[int]) -> None:
    reader = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
    mode = os.fstat(reader).st_mode & 0o777
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    writer = os.open(name, flags, mode, dir_fd=target)
    while (piece := os.read(reader, 1 << 16)) and budget[0] >= 0:
        budget[0] -= len(piece)
        os.write(writer, piece)
    os.close(reader)
    os.close(writer)
