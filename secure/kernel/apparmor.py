"""AppArmor: the profile that the next execve(2) of this process enters (aa_change_onexec(2))."""

from __future__ import annotations

import errno
import os

from secure.errors import MachineError

_FILE = "self/attr/apparmor/exec"  # Linux 5.8; attr/exec belongs to whichever module comes first
_ENABLED = "/sys/module/apparmor/parameters/enabled"
_MEANS = {
    errno.ENOENT: "no such profile is loaded",
    errno.EACCES: "the caller's own profile does not allow it",
    errno.EPERM: "the caller's own profile does not allow it",
}


def check_enabled(profile: str) -> None:
    """Called by who still sees the machine's own /sys.

    Raises:
        MachineError: this kernel has no AppArmor, or has it switched off.
    """
    try:
        with open(_ENABLED, "rb") as file:
            enabled = file.read(1) == b"Y"
    except FileNotFoundError:
        enabled = False
    if not enabled:
        raise MachineError(
            f'process.apparmorProfile: "{profile}" cannot be entered: AppArmor is not enabled here',
            do="Leave the profile out.",
        )


def enter_at_execve(proc: int, profile: str) -> None:
    """Set the profile, and read it back.

    Args:
        proc: the machine's /proc, opened where nothing could lie over it (CVE-2019-16884).

    Raises:
        MachineError: the kernel did not take it.
    """
    try:
        fd = os.open(_FILE, os.O_RDWR | os.O_CLOEXEC, dir_fd=proc)
        try:
            os.write(fd, b"exec " + os.fsencode(profile))
            # "PROFILE (MODE)", with a newline.
            taken = os.fsdecode(os.pread(fd, 4096, 0)).rstrip("\0\n").rpartition(" (")[0]
        finally:
            os.close(fd)
    except OSError as cause:
        why = _MEANS.get(cause.errno or 0, cause.strerror)
        raise MachineError(
            f'process.apparmorProfile: "{profile}" cannot be entered: {why}'
        ) from cause
    if taken != profile:
        raise MachineError(
            f'process.apparmorProfile: "{profile}" was asked for, the kernel took "{taken}"'
        )
