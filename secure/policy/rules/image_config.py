"""Rules on the image config: user, environment, history, volumes, ports."""

from __future__ import annotations

from secure.policy.rule import (
    IMAGE_CONFIG,
    MORE,
    PATHS,
    ImageCase,
    Parameter,
    Rule,
    Violation,
    names,
)
from secure.policy.rules.image_case import configured

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LAST_UID = 2**32 - 2  # 2**32 - 1 means "no change" to the kernel
_TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - paths inside the image
_KERNEL_PATHS = ("/proc", "/sys", "/dev", "/boot")


def names_an_ordinary_user(case: ImageCase) -> Iterator[Violation]:
    user = case.facts.config.user.partition(":")[0]
    shown = f'"{case.facts.config.user}"'
    wanted = "a uid other than 0"
    if user.isdecimal():
        # "00" is uid 0 too: runtimes parse digits before they look in /etc/passwd.
        # Beyond 32 bits some wrap around to 0 (containerd, CVE-2024-40635).
        if int(user) == 0 or int(user) > _LAST_UID:
            yield Violation(at="config.User", found=shown, wanted=wanted)
        return
    if user in ("", "root"):
        found = shown if user else "no user, so root"
        yield Violation(at="config.User", found=found, wanted=wanted)
        return
    uids = [account.uid for account in case.facts.accounts if account.name == user]
    if not uids:
        yield Violation(
            at="config.User",
            found=f"{shown}, which the image's /etc/passwd does not have",
            wanted=wanted,
            undecided=True,
        )
    elif 0 in uids:
        yield Violation(at="config.User", found=f"{shown}, which is uid 0", wanted=wanted)


def names_a_number(case: ImageCase) -> Iterator[Violation]:
    user = case.facts.config.user.partition(":")[0]
    if user not in ("", "root") and not user.isdecimal():
        yield Violation(at="config.User", found=f'"{user}"', wanted="a number")


def names_another_group(case: ImageCase) -> Iterator[Violation]:
    group = case.facts.config.user.partition(":")[2]
    if group == "root" or (group.isdecimal() and int(group) == 0):
        yield Violation(
            at="config.User", found=f'"{case.facts.config.user}"', wanted="a gid other than 0"
        )


# Variable -> the values that switch verification off; None: any value does.
_UNVERIFIED: dict[str, tuple[str, ...] | None] = {
    "NODE_TLS_REJECT_UNAUTHORIZED": ("0",),
    "GIT_SSL_NO_VERIFY": ("1", "true", "yes", "on"),
    "PYTHONHTTPSVERIFY": ("0",),
    "PIP_TRUSTED_HOST": None,
    "NPM_CONFIG_STRICT_SSL": ("false", "0"),
    "GOINSECURE": None,
    "CURL_INSECURE": ("1", "true"),
}


def verifies_tls(case: ImageCase) -> Iterator[Violation]:
    for variable in case.facts.config.env:
        name, _, held = variable.partition("=")
        values = _UNVERIFIED.get(name.upper(), ())
        if held and (values is None or held.lower() in values):
            yield Violation(at=f"config.Env {name}", found=variable, wanted="unset")


def loads_from_safe_paths(case: ImageCase) -> Iterator[Violation]:
    for variable in case.facts.config.env:
        name, _, held = variable.partition("=")
        if name == "LD_PRELOAD" and held:
            yield Violation(at="config.Env LD_PRELOAD", found=variable, wanted="unset")
        if name not in ("PATH", "LD_LIBRARY_PATH") or not held:
            continue
        for part in held.split(":"):
            if not part.startswith("/") or f"{part}/".startswith(
                tuple(f"{t}/" for t in _TEMPORARY)
            ):
                yield Violation(
                    at=f"config.Env {name}",
                    found=f'"{part}"',
                    wanted="absolute paths that not everyone can write to",
                )


def exposes_no_login_port(case: ImageCase) -> Iterator[Violation]:
    refused = names(case.parameters, "ports")
    for port in case.facts.config.exposed_ports:
        if port.partition("/")[0] in refused:
            yield Violation(at="config.ExposedPorts", found=port, wanted="no remote login")


def keeps_system_paths(case: ImageCase) -> Iterator[Violation]:
    refused = names(case.parameters, "paths")
    for volume in case.facts.config.volumes:
        parts = [part for part in volume.split("/") if part not in ("", ".")]
        path = "/" + "/".join(parts)
        if (
            ".." in parts
            or path in refused
            or path.startswith(tuple(f"{p}/" for p in _KERNEL_PATHS))
        ):
            yield Violation(at="config.Volumes", found=volume, wanted="a path of the application")


IMG001 = Rule(
    id="IMG001",
    subject=IMAGE_CONFIG,
    severity="high",
    title="The image runs as a user that is not root",
    why="uid 0 inside owns whatever a flaw in kernel or runtime lets it reach.",
    fix="Add `USER 10001:10001` after the last instruction that needs root.",
    maps={
        "cis-docker-1.6.0": ("4.1",),
        "nist-800-190": ("4.1.2",),
        "dockle": ("CIS-DI-0001",),
        "hadolint": ("DL3002",),
        "trivy": ("DS-0002",),
    },
    check=names_an_ordinary_user,
    passes=configured(user="10001:10001"),
    fails=configured(user="0"),
)
IMG002 = Rule(
    id="IMG002",
    subject=IMAGE_CONFIG,
    severity="medium",
    title="The user is a number",
    why="What a name means is decided by a file in the image; a number needs no trust.",
    fix="Write the uid: `USER 10001:10001`.",
    maps={"cis-docker-1.6.0": ("4.1",), "hadolint": ("DL3066",), "trivy": ("KSV-0012",)},
    check=names_a_number,
    passes=configured(user="10001"),
    fails=configured(user="app"),
)
IMG003 = Rule(
    id="IMG003",
    subject=IMAGE_CONFIG,
    severity="low",
    title="The group is not gid 0",
    why="Files of group root are often writable for the group.",
    fix="Name another group: `USER 10001:10001`.",
    maps={"cis-docker-1.6.0": ("4.1",), "nist-800-190": ("4.1.2",), "trivy": ("KSV-0021",)},
    check=names_another_group,
    passes=configured(user="10001:10001"),
    fails=configured(user="10001:0"),
)
IMG008 = Rule(
    id="IMG008",
    subject=IMAGE_CONFIG,
    severity="high",
    title="The environment does not switch verification off",
    why="Without it anyone on the way can answer for the server.",
    fix="Unset the variable and add the missing CA certificate instead.",
    maps={"cis-docker-1.6.0": ("4.11",), "nist-800-190": ("4.2.1",), "checkov": ("CKV2_DOCKER_5",)},
    check=verifies_tls,
    passes=configured(env=("PYTHONHTTPSVERIFY=1",)),
    fails=configured(env=("NODE_TLS_REJECT_UNAUTHORIZED=0",)),
)
IMG009 = Rule(
    id="IMG009",
    subject=IMAGE_CONFIG,
    severity="medium",
    title="Programs and libraries are loaded from safe paths only",
    why="A relative or world-writable search path runs what somebody else put there.",
    fix="Use absolute paths, and none below /tmp, /var/tmp or /dev/shm.",
    maps={"nist-800-190": ("4.1.2",)},
    check=loads_from_safe_paths,
    passes=configured(env=("PATH=/usr/local/bin:/usr/bin",)),
    fails=configured(env=("PATH=/usr/bin:.",)),
)
IMG010 = Rule(
    id="IMG010",
    subject=IMAGE_CONFIG,
    severity="medium",
    title="No remote login port is exposed",
    why="A login service is a second way in, with its own passwords and flaws.",
    fix="Take the EXPOSE line out, and the service with it.",
    maps={"cis-docker-1.6.0": ("5.7",), "nist-800-190": ("4.1.2",), "trivy": ("DS-0004",)},
    check=exposes_no_login_port,
    passes=configured(exposed_ports=("8080/tcp",)),
    fails=configured(exposed_ports=("22/tcp",)),
    parameters=(
        Parameter("ports", ("22", "23", "512", "513", "514"), MORE, "ports that are refused"),
    ),
)
IMG012 = Rule(
    id="IMG012",
    subject=IMAGE_CONFIG,
    severity="high",
    title="No volume covers a system path",
    why="A volume over /etc or /usr makes what was scanned different from what runs.",
    fix="Declare the VOLUME on a directory of the application, e.g. /var/lib/app.",
    maps={"cis-docker-1.6.0": ("5.6",), "nist-800-190": ("4.5.5",), "dockle": ("DKL-DI-0002",)},
    check=keeps_system_paths,
    passes=configured(volumes=("/var/lib/app",)),
    fails=configured(volumes=("/etc",)),
    parameters=(
        Parameter(
            "paths",
            ("/", "/bin", "/boot", "/dev", "/etc", "/lib", "/proc", "/sbin", "/sys", "/usr"),
            MORE,
            "paths that are refused; below /proc, /sys, /dev and /boot everything is",
            entries=PATHS,
        ),
    ),
)

CONFIG_RULES = (
    IMG001,
    IMG002,
    IMG003,
    IMG008,
    IMG009,
    IMG010,
    IMG012,
)
