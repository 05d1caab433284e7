"""`mounts` of config.json as operations (config.md, "Linux mount options"). Pure."""

from __future__ import annotations

from secure.errors import DocumentError
from secure.kernel import mounts as kernel
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.oci.runtime_config import MountEntry

_SYNCHRONOUS, _MANDLOCK, _DIRSYNC, _NOATIME = 0x10, 0x40, 0x80, 0x400
_NODIRATIME, _SILENT, _RELATIME, _I_VERSION = 0x800, 0x8000, 0x200000, 0x800000
_STRICTATIME, _LAZYTIME = 0x1000000, 0x2000000
_UNBINDABLE, _PRIVATE, _SLAVE, _SHARED = 0x20000, 0x40000, 0x80000, 0x100000

# word -> (bits, set or cleared)
_FLAGS = {
    "async": (_SYNCHRONOUS, False), "sync": (_SYNCHRONOUS, True),
    "atime": (_NOATIME, False), "noatime": (_NOATIME, True),
    "dev": (kernel.MS_NODEV, False), "nodev": (kernel.MS_NODEV, True),
    "diratime": (_NODIRATIME, False), "nodiratime": (_NODIRATIME, True),
    "dirsync": (_DIRSYNC, True),
    "exec": (kernel.MS_NOEXEC, False), "noexec": (kernel.MS_NOEXEC, True),
    "iversion": (_I_VERSION, True), "noiversion": (_I_VERSION, False),
    "lazytime": (_LAZYTIME, True), "nolazytime": (_LAZYTIME, False),
    "loud": (_SILENT, False), "silent": (_SILENT, True),
    "mand": (_MANDLOCK, True), "nomand": (_MANDLOCK, False),
    "relatime": (_RELATIME, True), "norelatime": (_RELATIME, False),
    "ro": (kernel.MS_RDONLY, True), "rw": (kernel.MS_RDONLY, False),
    "strictatime": (_STRICTATIME, True), "nostrictatime": (_STRICTATIME, False),
    "suid": (kernel.MS_NOSUID, False), "nosuid": (kernel.MS_NOSUID, True),
    "symfollow": (kernel.MS_NOSYMFOLLOW, False), "nosymfollow": (kernel.MS_NOSYMFOLLOW, True),
    "defaults": (0, True),
}  # fmt: skip
PROPAGATION = {
    "private": _PRIVATE, "slave": _SLAVE, "shared": _SHARED, "unbindable": _UNBINDABLE,
}  # fmt: skip
# Attributes of one mount, as mount_setattr(2) knows them.
_ATTRIBUTES = (
    (kernel.MS_RDONLY, 0x1), (kernel.MS_NOSUID, 0x2), (kernel.MS_NODEV, 0x4),
    (kernel.MS_NOEXEC, 0x8), (_NOATIME, 0x10), (_STRICTATIME, 0x20), (_NODIRATIME, 0x80),
    (kernel.MS_NOSYMFOLLOW, 0x200000),
)  # fmt: skip
_RECURSIVE = {
    "rro": kernel.MS_RDONLY, "rnosuid": kernel.MS_NOSUID, "rnodev": kernel.MS_NODEV,
    "rnoexec": kernel.MS_NOEXEC, "rnoatime": _NOATIME, "rnodiratime": _NODIRATIME,
    "rstrictatime": _STRICTATIME, "rnosymfollow": kernel.MS_NOSYMFOLLOW,
}  # fmt: skip
_REFUSED = {
    "remount": "a mount is made once, with all its options",
    "idmap": "idmapped mounts are made only for a whole container",
    "ridmap": "idmapped mounts are made only for a whole container",
    **dict.fromkeys(
        ("rrw", "rsuid", "rdev", "rexec", "ratime", "rdiratime", "rrelatime", "rsymfollow"),
        "attributes are added below a mount, never taken away",
    ),
}
# File systems a container may have of its own. Others would put the kernel's parsers of hostile
# disk images, or the host's state, at its disposal.
TYPES = ("proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2", "overlay", "bind")


@value
class BundleMount:
    """One mount.

    Args:
        kind: "bind", "cgroup", or the file system's name.
        flags: MS_… of this mount.
        below: MS_… for it and every mount below it.
        options: for the file system.
        propagation: MS_… or 0 where the config does not say.
        recursive: a bind brings the mounts below its source.
        copy_up: what the image has there is copied into the fresh tmpfs.
    """

    kind: str
    source: str
    target: str
    flags: int
    below: int
    options: str
    propagation: int
    recursive: bool
    copy_up: bool


def attributes_of(flags: int) -> int:
    """MS_… flags as mount_setattr(2) takes them."""
    return sum(attribute for flag, attribute in _ATTRIBUTES if flags & flag)


def words() -> tuple[str, ...]:
    """Every option that is applied, for `features`."""
    spread = [word for base in PROPAGATION for word in (base, f"r{base}")]
    return tuple(sorted({*_FLAGS, *_RECURSIVE, *spread, "bind", "rbind", "tmpcopyup"}))


class _Words:
    """What the words of `options` come to."""

    def __init__(self, where: str) -> None:
        self._where = where
        self.flags = self.below = self.propagation = 0
        self.bind = self.recursive = self.copy_up = False
        self.rest: list[str] = []

    def add(self, word: str) -> None:
        """One word; the last of two that contradict each other counts."""
        base = word.removeprefix("r")
        if word in _FLAGS:
            bits, on = _FLAGS[word]
            self.flags = self.flags | bits if on else self.flags & ~bits
        elif word in _RECURSIVE:
            self.below |= _RECURSIVE[word]
        elif base in PROPAGATION:
            self.propagation = PROPAGATION[base] | (kernel.MS_REC if word != base else 0)
        elif word in {"bind", "rbind"}:
            self.bind, self.recursive = True, word == "rbind"
        elif word == "tmpcopyup":
            self.copy_up = True
        elif word in _REFUSED:
            raise DocumentError(f'{self._where}.options: "{word}" is refused: {_REFUSED[word]}')
        elif "," in word:
            # It would be two options for the kernel (CVE-2024-9407's class).
            raise DocumentError(f"{self._where}.options: an option holds a comma")
        else:
            self.rest.append(word)


def read_mount(entry: MountEntry, number: int) -> BundleMount:
    """One entry of `mounts`.

    Raises:
        DocumentError: an option or type that is refused, by the field's name.
    """
    where = f"mounts[{number}]"
    found = _Words(where)
    for word in entry.options:
        found.add(word)
    kind = "bind" if found.bind or entry.type in {"bind", "none"} else entry.type
    if kind not in TYPES:
        raise DocumentError(
            f'{where}.type: "{entry.type}" is refused; known: {", ".join(TYPES)}',
            do="Mount it on the host and bind the directory.",
        )
    if found.copy_up and kind != "tmpfs":
        raise DocumentError(f'{where}.options: "tmpcopyup" is for tmpfs only')
    if kind == "bind" and found.rest:
        raise DocumentError(f'{where}.options: unknown option "{found.rest[0]}" for a bind')
    return BundleMount(
        kind="cgroup" if kind == "cgroup2" else kind,
        source=entry.source,
        target=entry.destination,
        flags=found.flags,
        below=found.below,
        options=",".join(found.rest),
        propagation=found.propagation,
        recursive=found.recursive,
        copy_up=found.copy_up,
    )
