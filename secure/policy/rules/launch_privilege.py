"""Launch rules on privilege: users, capabilities, no_new_privileges, a read-only root.

On the launch path.
"""

from __future__ import annotations

from secure.policy.capabilities import CAPABILITIES, DANGEROUS
from secure.policy.rule import (
    CAPABILITY_NAMES,
    LAUNCH_REQUEST,
    MORE,
    LaunchCase,
    Parameter,
    Rule,
    Violation,
    names,
)
from secure.policy.rules.launch_case import asks, launch, options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def is_not_privileged(case: LaunchCase) -> Iterator[Violation]:
    if case.ask.privileged:
        yield Violation(at="--privileged", found="privileged", wanted="not privileged")


def keeps_allowed_capabilities(case: LaunchCase) -> Iterator[Violation]:
    allowed = case.bounds.capabilities
    for name in asked_capabilities(case):
        if name not in CAPABILITIES and name != "ALL":
            yield Violation(
                at="--cap-add",
                found=name,
                wanted="a capability the kernel has",
                fix=f'Correct the name "{name}"; see capabilities(7).',
                bound=True,
            )
        elif name not in allowed:
            wanted = ", ".join(allowed) if allowed else "no capability at all"
            yield Violation(at="--cap-add", found=name, wanted=wanted, bound=True)
    for name in case.ask.cap_drop:
        # A misspelt name would drop nothing.
        if name not in CAPABILITIES and name != "ALL":
            yield Violation(
                at="--cap-drop",
                found=name,
                wanted="a capability the kernel has",
                fix=f'Correct the name "{name}"; see capabilities(7).',
                bound=True,
            )


def keeps_no_dangerous_capability(case: LaunchCase) -> Iterator[Violation]:
    denied = names(case.parameters, "deny")
    asked = asked_capabilities(case)
    kept = asked + tuple(n for n in case.bounds.default_capabilities if n not in asked)
    for name in kept:
        if name in denied and name not in case.ask.cap_drop:
            refused = name not in case.bounds.capabilities
            yield Violation(at="--cap-add", found=name, wanted=f"without {name}", bound=refused)


def asked_capabilities(case: LaunchCase) -> tuple[str, ...]:
    """What --cap-add really asks for; "ALL" stays only where not everything is allowed."""
    allowed = set(case.bounds.capabilities)
    if "ALL" in case.ask.cap_add and not allowed.issuperset(CAPABILITIES):
        return ("ALL", *(name for name in case.ask.cap_add if name != "ALL"))
    added = CAPABILITIES if "ALL" in case.ask.cap_add else case.ask.cap_add
    return tuple(name for name in added if name not in case.ask.cap_drop)


def forbids_new_privileges(case: LaunchCase) -> Iterator[Violation]:
    asked, required = case.ask.no_new_privileges, case.bounds.no_new_privileges
    if asked is False or (asked is None and not required):
        yield Violation(at="no_new_privileges", found="off", wanted="on", bound=required)
    for option in options(case, "no-new-privileges"):
        yield Violation(
            at=f"--security-opt {option}", found=option, wanted="no-new-privileges", bound=True
        )


def runs_as_ordinary_user(case: LaunchCase) -> Iterator[Violation]:
    if case.ask.uid == 0:
        said = "" if case.ask.user_named else ", because neither image nor flag names a user"
        yield Violation(
            at="user", found=f"uid 0{said}", wanted="another uid", bound=not case.bounds.root_user
        )


def roots_read_only(case: LaunchCase) -> Iterator[Violation]:
    asked, required = case.ask.read_only_rootfs, case.bounds.read_only_rootfs
    if asked is False or (asked is None and not required):
        yield Violation(at="root filesystem", found="writable", wanted="read-only", bound=required)


RUN001 = Rule(
    id="RUN001",
    subject=LAUNCH_REQUEST,
    severity="critical",
    title="The container is not privileged",
    why="Privileged means every capability, every device and no filter: the host, in short.",
    fix="Leave out --privileged and ask for the one capability that is needed.",
    maps={"cis-docker-1.6.0": ("5.5",), "nist-800-190": ("4.4.3",), "trivy": ("KSV-0017",)},
    check=is_not_privileged,
    passes=launch(),
    fails=asks(privileged=True),
    locked=True,
)
RUN002 = Rule(
    id="RUN002",
    subject=LAUNCH_REQUEST,
    severity="high",
    title="Only capabilities that the policy allows are kept",
    why="Each capability is a part of root's power; most programs need none.",
    fix="Leave out the capability, or have the policy allow it under launch.capabilities.allow.",
    maps={"cis-docker-1.6.0": ("5.4",), "nist-800-190": ("4.4.3",), "trivy": ("KSV-0106",)},
    check=keeps_allowed_capabilities,
    passes=asks(cap_add=("CAP_NET_BIND_SERVICE",)),
    fails=asks(cap_add=("CAP_NET_RAW",)),
)
RUN003 = Rule(
    id="RUN003",
    subject=LAUNCH_REQUEST,
    severity="critical",
    title="No capability that hands over the machine is kept",
    why="With CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_BPF and their like the walls can be rebuilt"
    " from inside.",
    fix="Leave the capability out.",
    parameters=(
        Parameter(
            "deny", DANGEROUS, MORE, "capabilities that are never kept", entries=CAPABILITY_NAMES
        ),
    ),
    maps={"cis-docker-1.6.0": ("5.4",), "nist-800-190": ("4.4.3",), "trivy": ("KSV-0005",)},
    check=keeps_no_dangerous_capability,
    passes=launch(),
    fails=asks(cap_add=("CAP_SYS_ADMIN",)),
)
RUN004 = Rule(
    id="RUN004",
    subject=LAUNCH_REQUEST,
    severity="high",
    title="no_new_privileges is on",
    why="Without it one setuid file in the image is enough to gain privileges.",
    fix="Leave out no-new-privileges=false.",
    maps={"cis-docker-1.6.0": ("5.26", "2.14"), "nist-800-190": ("4.4.3",), "trivy": ("KSV-0001",)},
    check=forbids_new_privileges,
    passes=launch(),
    fails=asks(no_new_privileges=False),
)
RUN005 = Rule(
    id="RUN005",
    subject=LAUNCH_REQUEST,
    severity="high",
    title="The process does not run as uid 0",
    why="uid 0 owns the files of the image and whatever a flaw in the kernel lets it reach.",
    fix="Add --user 10001:10001, or USER 10001:10001 to the Dockerfile.",
    maps={"cis-docker-1.6.0": ("4.1",), "nist-800-190": ("4.4.3",), "trivy": ("KSV-0012",)},
    check=runs_as_ordinary_user,
    passes=launch(),
    fails=asks(uid=0),
)
RUN006 = Rule(
    id="RUN006",
    subject=LAUNCH_REQUEST,
    severity="medium",
    title="The root filesystem is read-only",
    why="What cannot be written cannot be replaced by an attacker's program.",
    fix="Leave out --read-only=false and give what must be written a --tmpfs.",
    maps={"cis-docker-1.6.0": ("5.13",), "nist-800-190": ("4.4.3",), "trivy": ("KSV-0014",)},
    check=roots_read_only,
    passes=launch(),
    fails=asks(read_only_rootfs=False),
)

PRIVILEGE_RULES = (RUN001, RUN002, RUN003, RUN004, RUN005, RUN006)
