"""`secure info`: each protection with what enforces it here, or why nothing does and what would."""

from __future__ import annotations

from secure import __version__
from secure import system as os
from secure.errors import MachineError
from secure.flows.machine import Support, look
from secure.kernel import cgroups_detect, seccomp, subordinate_ids
from secure.kernel.cgroup_files import read_if_there
from secure.kernel.cgroup_support import CONTROLLERS, RUNS_SYSTEMD, V1
from secure.kernel.namespaces import NAMESPACES
from secure.kernel.seccomp_compile import LIBSECCOMP_DO, libseccomp_version
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# ABI -> what Landlock holds from it on (Linux userspace-api/landlock, "Previous limitations").
_LANDLOCK_GAINS = (
    (2, "renaming across directories"), (3, "truncating"), (4, "TCP ports"),
    (5, "device ioctl"), (6, "signals and abstract sockets"),
)  # fmt: skip
_OVERLAY_SINCE = (5, 11)  # of Linux: overlay mounts in a user namespace
_TITLES = {"memory": "memory limit", "cpu": "cpu limit", "pids": "pids limit"}


@value
class Row:
    """One line of the report.

    Args:
        by: what enforces it; "no" or "partly, …" where that is so.
        why, do: what is missing and what would enable it; "" where nothing is.
    """

    protection: str
    by: str
    why: str = ""
    do: str = ""


def rows() -> tuple[Row, ...]:
    """This machine, as the calling user."""
    support = look()
    return (
        Row("secure", __version__),
        Row("kernel", support.features.kernel),
        *_identity(support),
        _read_only_root(support.features.kernel),
        *_confinement(support),
        *_limits(support),
    )


def _identity(support: Support) -> Iterator[Row]:
    for name, feature in (
        ("user namespaces", support.features.user_namespaces),
        ("subordinate ids", subordinate_ids.look()),
    ):
        yield Row(name, feature.found if feature.works else "no", feature.reason, feature.do)
    there = [name for name, _ in NAMESPACES if os.path.exists(f"/proc/self/ns/{name}")]
    gone = [name for name, _ in NAMESPACES if name not in there]
    why = f"this kernel has none for: {', '.join(gone)}" if gone else ""
    do = "Use a kernel with CONFIG_NAMESPACES and all of its parts." if gone else ""
    yield Row("namespaces", ", ".join(there), why, do)


def _read_only_root(release: str) -> Row:
    known = read_if_there("/proc/filesystems")
    module = os.path.exists(f"/lib/modules/{release}/kernel/fs/overlayfs")
    if "\toverlay\n" not in f"{known}\n" and not module:
        return Row(
            "root filesystem",
            "no",
            "this kernel has no overlayfs",
            "Once as root: modprobe overlay",
        )
    major, _, rest = release.partition(".")
    minor = rest.partition(".")[0].partition("-")[0]
    old = major.isdecimal() and minor.isdecimal() and (int(major), int(minor)) < _OVERLAY_SINCE
    if old and os.geteuid() != 0:
        why = "an ordinary user may mount overlayfs since Linux 5.11 only"
        return Row("root filesystem", "no", why, "Use Linux 5.11 or newer.")
    return Row("root filesystem", "overlayfs, read-only, in a mount namespace")


def _confinement(support: Support) -> Iterator[Row]:
    found = support.features
    yield Row("capabilities", "dropped from all five sets, by the kernel")
    yield Row("no new privileges", "no_new_privs, by the kernel")
    yield _seccomp(support)
    if seccomp.may_listen(found.seccomp_actions):
        yield Row("refused calls", "told by run, inspect and audit")
    elif seccomp.USER_NOTIF in found.seccomp_actions:
        why = "this process is behind a filter of somebody else's, which may have the one listener"
        yield Row(
            "refused calls", "not visible", why, "Start it outside of that container or unit."
        )
    else:
        yield Row(
            "refused calls", "not visible", "this kernel does not tell", "Use Linux 5.0 or newer."
        )
    landlock = found.landlock
    lacks = [what for abi, what in _LANDLOCK_GAINS if 0 < found.landlock_abi < abi]
    why = landlock.reason or (f"it does not hold: {', '.join(lacks)}" if lacks else "")
    do = landlock.do or ("Use a newer kernel; the filter and the mounts stand in." if lacks else "")
    yield Row("Landlock", landlock.found if landlock.works else "no", why, do)
    if read_if_there("/sys/module/apparmor/parameters/enabled").startswith("Y"):
        yield Row("AppArmor", "on: secure oci enters the profile that a bundle names")
    else:
        yield Row("AppArmor", "no", "it is not on; nothing here relies on it")


def _seccomp(support: Support) -> Row:
    feature = support.features.seccomp
    if not feature.works:
        return Row("seccomp", "no", feature.reason, feature.do)
    try:
        return Row("seccomp", f"filters, compiled by libseccomp {libseccomp_version()}")
    except MachineError as error:
        kept = "partly, filters that were compiled before"
        return Row("seccomp", kept, str(error), error.do or LIBSECCOMP_DO)


def _limits(support: Support) -> Iterator[Row]:
    groups = support.cgroups
    promised: tuple[str, ...] = ()
    if groups.usable() != CONTROLLERS and os.path.isdir(RUNS_SYSTEMD):
        from secure.kernel.systemd_scope import manager_controllers

        promised = manager_controllers()
    for name in CONTROLLERS:
        if groups.version(name):
            yield Row(_TITLES[name], groups.by)
        elif name in promised:
            yield Row(_TITLES[name], "cgroup v2 (a scope that systemd makes for each launch)")
        else:
            yield Row(_TITLES[name], "partly, by rlimits", groups.reason, groups.do)
    yield _swap(support)
    for name, title in (("cpuset", "processors"), ("io", "disk rates")):
        try:
            version = cgroups_detect.detect_further(groups, (name,)).version(name)
            yield Row(title, f"cgroup {version}, where they are asked for")
        except MachineError as error:
            yield Row(title, "no: refused where they are asked for", str(error), error.do)


def _swap(support: Support) -> Row:
    groups = support.cgroups
    base = dict(groups.bases).get("memory", "")
    if not base:
        return Row("no swap", "no", "no cgroup limits memory", groups.do)
    if groups.version("memory") != V1:
        return Row("no swap", "memory.swap.max, where the kernel counts swap")
    above = os.path.dirname(base)
    counts = any(os.path.exists(f"{at}/memory.memsw.limit_in_bytes") for at in (base, above))
    if counts:
        return Row("no swap", "memory.memsw.limit_in_bytes")
    why = "this kernel does not count swap; swappiness 0 only delays it"
    return Row("no swap", "partly", why, "Boot with swapaccount=1, or use cgroup v2.")
