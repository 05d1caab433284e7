"""What this machine can enforce for this user, and if not, why not and what would enable it.

Read from files and two system calls: no fork, no trial. Below a millisecond, so that every launch
can ask.
"""

from __future__ import annotations

from secure import system as os
from secure.kernel import cgroups_detect, landlock_ruleset, seccomp
from secure.kernel.cgroup_files import read_if_there
from secure.kernel.cgroup_support import CgroupSupport
from secure.kernel.feature import Feature
from secure.value import value

_DO_LANDLOCK = "Use Linux 5.13 or newer with CONFIG_SECURITY_LANDLOCK, booted with lsm=landlock,…"
_DO_SECCOMP = "Use a kernel with CONFIG_SECCOMP_FILTER."


@value
class Features:
    """All that a launch asks of the machine.

    Args:
        kernel: the release, e.g. "6.1.0-18-amd64".
        user_namespaces: whether this user may make one and be someone in it.
        landlock_abi: 0 where the kernel has none.
        seccomp_actions: strictest first; empty without seccomp.
    """

    kernel: str
    user_namespaces: Feature
    landlock: Feature
    landlock_abi: int
    seccomp: Feature
    seccomp_actions: tuple[str, ...]
    cgroups: CgroupSupport


def features() -> Features:
    """Look at this machine as the calling user."""
    version = landlock_ruleset.abi()
    actions = seccomp.available()
    return Features(
        kernel=os.uname().release,
        user_namespaces=user_namespaces(),
        landlock=Feature(True, f"ABI {version}")
        if version
        else Feature(False, "none", "this kernel has no Landlock", _DO_LANDLOCK),
        landlock_abi=version,
        seccomp=Feature(True, " ".join(actions))
        if actions
        else Feature(False, "none", "this kernel has no seccomp filters", _DO_SECCOMP),
        seccomp_actions=actions,
        cgroups=cgroups_detect.detect(),
    )


def user_namespaces(proc: str = "/proc") -> Feature:
    """Whether this user may make a user namespace and have capabilities in it.

    Args:
        proc: where procfs is.

    Source: user_namespaces(7); Debian's kernel.unprivileged_userns_clone; Ubuntu's
    kernel.apparmor_restrict_unprivileged_userns (23.10 and newer).
    """
    if not os.path.exists(f"{proc}/self/ns/user"):
        return _no_user_namespaces("this kernel has none", "Use a kernel with CONFIG_USER_NS.")
    most = _number(f"{proc}/sys/user/max_user_namespaces")
    if most == 0:
        return _no_user_namespaces(
            "user.max_user_namespaces is 0",
            "Once as root: sysctl -w user.max_user_namespaces=28633 (and in /etc/sysctl.d/)",
        )
    if os.geteuid() == 0:
        return Feature(True, "as root")
    if _number(f"{proc}/sys/kernel/unprivileged_userns_clone") == 0:
        return _no_user_namespaces(
            "kernel.unprivileged_userns_clone is 0",
            "Once as root: sysctl -w kernel.unprivileged_userns_clone=1 (and in /etc/sysctl.d/)",
        )
    if _number(f"{proc}/sys/kernel/apparmor_restrict_unprivileged_userns") == 1:
        label = _line(f"{proc}/self/attr/apparmor/current") or _line(f"{proc}/self/attr/current")
        # A program with a profile of its own is judged by that profile's "userns" rule.
        if label in ("", "unconfined"):
            return _no_user_namespaces(
                "kernel.apparmor_restrict_unprivileged_userns is 1 (Ubuntu), which takes all "
                "capabilities in user namespaces from programs without an AppArmor profile",
                _DO_APPARMOR,
            )
    return Feature(True, "unprivileged")


_DO_APPARMOR = (
    "Once as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (and in "
    "/etc/sysctl.d/), or allow it for this command alone: write 'abi <abi/4.0>, profile secure "
    "/path/to/bin/secure flags=(unconfined) { userns, }' to /etc/apparmor.d/secure and run "
    "apparmor_parser -r /etc/apparmor.d/secure"
)


def _no_user_namespaces(reason: str, do: str) -> Feature:
    return Feature(False, "none", reason, do)


def _number(path: str) -> int | None:
    """The number in a file; None if there is none."""
    text = _line(path)
    return int(text) if text.isdecimal() else None


def _line(path: str) -> str:
    """The first line of a file, "" if it cannot be read."""
    content = read_if_there(path)
    return content.partition("\n")[0].strip().strip("\0")
