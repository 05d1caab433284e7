"""Launch rules on isolation: namespaces, filters, devices, options.

On the launch path.
"""

from __future__ import annotations

from secure.policy.rule import LAUNCH_REQUEST, LaunchCase, Rule, Violation
from secure.policy.rules.launch_case import MACHINE, asks, launch, options
from secure.policy.settings import SECCOMP_PROFILES
from secure.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Spellings of --security-opt that have a rule of their own; every other one is RUN036.
_OWN_RULE = ("no-new-privileges", "seccomp", "apparmor", "label", "systempaths", "unmask")

# Namespace of the host that was asked for -> the rule that refuses it.
NAMESPACE_RULES = {
    "net": "RUN012",
    "network": "RUN012",
    "pid": "RUN013",
    "ipc": "RUN014",
    "uts": "RUN015",
    "user": "RUN016",
    "userns": "RUN016",
    "cgroup": "RUN017",
    "cgroupns": "RUN017",
}


def has_own_network(case: LaunchCase) -> Iterator[Violation]:
    network, allowed = case.ask.network, case.bounds.network
    if network is not None and network not in allowed:
        wanted = " or ".join(reversed(allowed)) or "nothing: the policy allows no network mode"
        yield Violation(at="--network", found=network, wanted=wanted, bound=True)
    elif network == "host" or (network is None and allowed == ("host",)):
        yield Violation(at="--network", found="host", wanted="none")
    yield from _shared_namespace(case, "RUN012")


def _shared_namespace(case: LaunchCase, rule: str) -> Iterator[Violation]:
    for name in case.ask.host_namespaces:
        if NAMESPACE_RULES.get(name, "RUN036") == rule:
            yield Violation(
                at=f"{name} namespace", found="the host's", wanted="its own", bound=True
            )


def has_own_pid_namespace(case: LaunchCase) -> Iterator[Violation]:
    return _shared_namespace(case, "RUN013")


def has_own_ipc_namespace(case: LaunchCase) -> Iterator[Violation]:
    return _shared_namespace(case, "RUN014")


def has_own_uts_namespace(case: LaunchCase) -> Iterator[Violation]:
    return _shared_namespace(case, "RUN015")


def has_own_user_namespace(case: LaunchCase) -> Iterator[Violation]:
    yield from _shared_namespace(case, "RUN016")
    if case.machine.user_namespaces:
        yield Violation(
            at="user namespace",
            found="cannot be made on this machine",
            wanted="its own",
            fix=case.machine.user_namespaces,
        )


def has_own_cgroup_namespace(case: LaunchCase) -> Iterator[Violation]:
    return _shared_namespace(case, "RUN017")


def filters_system_calls(case: LaunchCase) -> Iterator[Violation]:
    asked, allowed = case.ask.seccomp, case.bounds.seccomp
    wanted = " or ".join(allowed) or "nothing: the policy allows no seccomp profile"
    if not allowed or (asked is not None and asked not in allowed):
        yield Violation(at="seccomp profile", found=asked or "default", wanted=wanted, bound=True)
    for option in options(case, "seccomp"):
        yield Violation(
            at=f"--security-opt {option}", found=option, wanted=f"seccomp={wanted}", bound=True
        )
    if not case.machine.seccomp:
        yield Violation(
            at="kernel",
            found="does not filter system calls",
            wanted="CONFIG_SECCOMP_FILTER",
            fix="Use a kernel with CONFIG_SECCOMP_FILTER=y.",
            bound=True,
        )


def confines_file_access(case: LaunchCase) -> Iterator[Violation]:
    if case.machine.landlock_abi == 0:
        yield Violation(
            at="kernel",
            found="no Landlock",
            wanted="Landlock",
            fix='Use Linux 5.13 or newer with "landlock" in the lsm= boot parameter.',
            bound=case.bounds.landlock == "required",
        )
    for option in options(case, "apparmor", "label"):
        yield Violation(
            at=f"--security-opt {option}",
            found=option,
            wanted="the confinement the policy gives",
            bound=True,
        )


def gets_no_devices(case: LaunchCase) -> Iterator[Violation]:
    for device in case.ask.devices:
        yield Violation(at="--device", found=device, wanted="no host device")
    for bind in case.ask.binds:
        if bind.kind == "device":
            yield Violation(
                at=f"-v {bind.source}", found="a device", wanted="no host device", path=bind.source
            )


def changes_no_other_behaviour(case: LaunchCase) -> Iterator[Violation]:
    for option in case.ask.security_opts:
        if option.replace(":", "=").partition("=")[0] not in _OWN_RULE:
            yield Violation(
                at=f"--security-opt {option}", found=option, wanted="an option this runtime knows"
            )
    yield from _shared_namespace(case, "RUN036")


RUN012 = Rule(
    id="RUN012",
    subject=LAUNCH_REQUEST,
    severity="high",
    title="The host's network is not shared",
    why="On the host's network a container reaches every service that listens on loopback, and"
    " abstract Unix sockets.",
    fix="Use --network none.",
    maps={"cis-docker-1.6.0": ("5.10",), "nist-800-190": ("4.4.2",), "trivy": ("KSV-0009",)},
    check=has_own_network,
    passes=asks(network="none"),
    fails=asks(network="host"),
)
RUN013 = Rule(
    id="RUN013",
    subject=LAUNCH_REQUEST,
    severity="high",
    title="The host's process ids are not shared",
    why="Seeing host processes means seeing their arguments and sending them signals.",
    fix="Leave out --pid host.",
    maps={"cis-docker-1.6.0": ("5.16",), "nist-800-190": ("4.4.3",), "trivy": ("KSV-0010",)},
    check=has_own_pid_namespace,
    passes=launch(),
    fails=asks(host_namespaces=("pid",)),
    locked=True,
)
RUN014 = Rule(
    id="RUN014",
    subject=LAUNCH_REQUEST,
    severity="high",
    title="The host's IPC namespace is not shared",
    why="Shared memory of host programs could be read and written.",
    fix="Leave out --ipc host.",
    maps={"cis-docker-1.6.0": ("5.17",), "nist-800-190": ("4.4.3",), "trivy": ("KSV-0008",)},
    check=has_own_ipc_namespace,
    passes=launch(),
    fails=asks(host_namespaces=("ipc",)),
    locked=True,
)
RUN015 = Rule(
    id="RUN015",
    subject=LAUNCH_REQUEST,
    severity="medium",
    title="The host's UTS namespace is not shared",
    why="A container could rename the host.",
    fix="Leave out --uts host.",
    maps={"cis-docker-1.6.0": ("5.21",), "nist-800-190": ("4.4.3",)},
    check=has_own_uts_namespace,
    passes=launch(),
    fails=asks(host_namespaces=("uts",)),
    locked=True,
)
RUN016 = Rule(
    id="RUN016",
    subject=LAUNCH_REQUEST,
    severity="high",
    title="The container has its own user namespace",
    why="In its own user namespace no id of the container means anything to the host's root.",
    fix="Leave out --userns host.",
    maps={"cis-docker-1.6.0": ("5.31", "2.9"), "nist-800-190": ("4.5.2",)},
    check=has_own_user_namespace,
    passes=launch(),
    fails=launch(machine=replace(MACHINE, user_namespaces="Enable them: sysctl …")),
    locked=True,
)
RUN017 = Rule(
    id="RUN017",
    subject=LAUNCH_REQUEST,
    severity="medium",
    title="The container has its own cgroup namespace",
    why="The host's cgroup tree tells what else runs, and where limits could be changed.",
    fix="Leave out --cgroupns host.",
    maps={"cis-docker-1.6.0": ("5.25",), "nist-800-190": ("4.4.3",)},
    check=has_own_cgroup_namespace,
    passes=launch(),
    fails=asks(host_namespaces=("cgroup",)),
    locked=True,
)
RUN018 = Rule(
    id="RUN018",
    subject=LAUNCH_REQUEST,
    severity="high",
    title="System calls are filtered by a profile that the policy allows",
    why="Most kernel flaws sit in calls that ordinary programs never make.",
    fix="Leave --security-opt seccomp out, or name a profile that launch.seccomp allows.",
    maps={"cis-docker-1.6.0": ("5.22", "2.17"), "nist-800-190": ("4.4.3",), "trivy": ("KSV-0104",)},
    check=filters_system_calls,
    passes=asks(seccomp=SECCOMP_PROFILES[0]),
    fails=asks(seccomp="unconfined"),
)
RUN019 = Rule(
    id="RUN019",
    subject=LAUNCH_REQUEST,
    severity="medium",
    title="A security module confines file access",
    why="It still holds where a mount or a permission was wrong.",
    fix="Leave out options that switch AppArmor or SELinux confinement off.",
    maps={"cis-docker-1.6.0": ("5.2", "5.3"), "nist-800-190": ("4.4.3",), "trivy": ("KSV-0002",)},
    check=confines_file_access,
    passes=launch(),
    fails=launch(machine=replace(MACHINE, landlock_abi=0)),
)
RUN024 = Rule(
    id="RUN024",
    subject=LAUNCH_REQUEST,
    severity="high",
    title="No host device is handed in",
    why="A disk, a memory or a raw input device gives away the host, whatever the permissions.",
    fix="Leave out --device and bind mounts of devices.",
    maps={"cis-docker-1.6.0": ("5.18",), "nist-800-190": ("4.4.3",)},
    check=gets_no_devices,
    passes=launch(),
    fails=asks(devices=("/dev/sda",)),
    locked=True,
)
RUN036 = Rule(
    id="RUN036",
    subject=LAUNCH_REQUEST,
    severity="critical",
    title="Nothing else changes how the runtime behaves",
    why="An option that is not understood cannot be judged; ignoring it would promise something"
    " false.",
    fix="Leave the option out.",
    maps={"cis-docker-1.6.0": ("5.5",), "nist-800-190": ("4.4.3",)},
    check=changes_no_other_behaviour,
    passes=launch(),
    fails=asks(security_opts=("hooks=/x",)),
    locked=True,
)

ISOLATION_RULES = (
    RUN012,
    RUN013,
    RUN014,
    RUN015,
    RUN016,
    RUN017,
    RUN018,
    RUN019,
    RUN024,
    RUN036,
)
