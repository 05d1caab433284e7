"""Which mounts a container gets, in order. Pure: init carries them out."""

from __future__ import annotations

from secure.kernel.mounts import MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.policy.settings import Settings

_SHM = "/dev/shm"  # noqa: S108 - inside the container, a tmpfs of its own
# Of the terminals that kernel.pty.max leaves to all containers together, a few for each.
_DEVPTS = "newinstance,max=64,ptmxmode=0666,mode=620"
_FEWEST_INODES = 64
_SAFE = MS_NOSUID | MS_NODEV | MS_NOEXEC
_OPTION_NAMES = (
    (MS_RDONLY, "ro"),
    (MS_NOSUID, "nosuid"),
    (MS_NODEV, "nodev"),
    (MS_NOEXEC, "noexec"),
)

# Character devices every program expects, by (name, major, minor): admin-guide/devices.txt.
DEVICES = (
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("tty", 5, 0),
)
DEV_LINKS = (
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
)


@value
class Mount:
    """One mount, or for kind "device" one device node bound from the host.

    Args:
        kind: "proc", "sysfs", "tmpfs", "devpts", "mqueue", "dev", "device" or "bind".
        target: absolute path inside.
        flags: MS_… of mount(2), enforced and compared with what the kernel shows.
        options: file system options.
        source: host path of a bind or device.
        identity: (device, inode) that the source must have; (0, 0) where it does not matter.
        directory: False for a bind of a single file.
        writable: Landlock lets the container write below it.
    """

    kind: str
    target: str
    flags: int
    options: str = ""
    source: str = ""
    identity: tuple[int, int] = (0, 0)
    directory: bool = True
    writable: bool = False

    def describe(self) -> str:
        """For people: "tmpfs on /tmp (nosuid, nodev, noexec; size=64m)"."""
        words = ", ".join(required_options(self.flags))
        more = f"; {self.options}" if self.options else ""
        origin = f"{self.source} " if self.source else ""
        return f"{origin}{self.kind} on {self.target} ({words}{more})"


def required_options(flags: int) -> tuple[str, ...]:
    """The per-mount options in /proc/PID/mountinfo that `flags` promise."""
    return tuple(name for bit, name in _OPTION_NAMES if flags & bit)


def planned_mounts(settings: Settings) -> tuple[Mount, ...]:
    """All mounts below the root file system, parents before children."""
    fixed = [
        Mount("proc", "/proc", _SAFE),
        Mount("dev", "/dev", MS_NOSUID | MS_NOEXEC | MS_RDONLY, "mode=755,size=64k"),
        *(
            Mount(
                "device",
                f"/dev/{name}",
                0,  # there is nothing to execute in a character device
                source=f"/dev/{name}",
                directory=False,
            )
            for name, _, _ in DEVICES
        ),
        Mount(
            "devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, _DEVPTS,
            writable=True,
        ),
        Mount("tmpfs", _SHM, _SAFE, _tmpfs(settings.shm_bytes), writable=True),
    ]  # fmt: skip
    if settings.network == "none":
        # Only the owner of the network namespace may mount sysfs; the host's is not shown.
        fixed.append(Mount("sysfs", "/sys", _SAFE | MS_RDONLY))
    chosen = [
        Mount("tmpfs", target, _SAFE, _tmpfs(size), writable=True)
        for target, size in settings.tmpfs
    ]
    chosen += [
        Mount(
            "bind",
            bind.target,
            _SAFE | (MS_RDONLY if bind.read_only else 0),
            source=bind.source,
            identity=bind.identity,
            directory=bind.kind == "directory",
            writable=not bind.read_only,
        )
        for bind in settings.binds
    ]
    return (*fixed, *sorted(chosen, key=lambda mount: mount.target.count("/")))


def _tmpfs(size: int) -> str:
    return f"mode=1777,size={size},nr_inodes={inodes_for(size)}"


def inodes_for(size: int) -> int:
    """How many files a tmpfs of `size` bytes may hold: each costs 1 KiB of kernel memory."""
    return max(size // 1024, _FEWEST_INODES)


def skeleton_dirs(mounts: tuple[Mount, ...]) -> tuple[str, ...]:
    """Directories that must exist for the mounts, parents first.

    They are laid over the image as the topmost layer, so a symbolic link or file that the image
    has in their place is hidden, not followed (CVE-2019-16884, CVE-2019-19921, CVE-2023-28642).
    """
    wanted = {"/etc"}
    for mount in mounts:
        parts = mount.target.strip("/").split("/")
        keep = len(parts) if mount.directory else len(parts) - 1
        wanted.update("/" + "/".join(parts[: n + 1]) for n in range(keep))
    inside_dev = {path for path in wanted if path.startswith("/dev/")}
    return tuple(sorted(wanted - inside_dev, key=lambda path: (path.count("/"), path)))
