"""Launch rules on what of the host is mounted, and where.

On the launch path. A bind was opened and looked at before: `BindAsk.touches` goes by device and
inode, so neither a symbolic link nor another name for the same thing gets past it.
"""

from __future__ import annotations

from secure.facts.launch import BindAsk
from secure.policy.rule import LAUNCH_REQUEST, LaunchCase, Rule, Violation
from secure.policy.rules.launch_case import BOUNDS, asks, launch, options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

ENGINE_SOCKET = "an engine socket"  # how `BindAsk.touches` begins for one
_KERNEL_PATHS = ("/proc", "/sys", "/dev")
_GOOD = BindAsk(source="/srv/site", target="/site", read_only=True, touches="", kind="directory")


def shares_no_socket(case: LaunchCase) -> Iterator[Violation]:
    for bind in case.ask.binds:
        if bind.touches.startswith(ENGINE_SOCKET):
            yield Violation(
                at=f"-v {bind.source}",
                found=f"it is or contains {bind.touches}",
                wanted="no engine socket",
                path=bind.source,
                bound=True,
            )
        elif bind.kind in ("socket", "other"):
            yield Violation(
                at=f"-v {bind.source}",
                found=f"a {bind.kind}" if bind.kind == "socket" else "neither file nor directory",
                wanted="a file or directory",
                path=bind.source,
            )


def shares_no_system_path(case: LaunchCase) -> Iterator[Violation]:
    for bind in case.ask.binds:
        if bind.touches and not bind.touches.startswith(ENGINE_SOCKET):
            yield Violation(
                at=f"-v {bind.source}",
                found=f"it is, contains or lies in {bind.touches}",
                wanted="a directory of the application's own",
                path=bind.source,
            )


def binds_as_allowed(case: LaunchCase) -> Iterator[Violation]:
    allowed = case.bounds.binds
    for bind in case.ask.binds:
        if allowed == "none":
            yield Violation(
                at=f"-v {bind.source}",
                found="a bind mount",
                wanted="no bind mount",
                path=bind.source,
                bound=True,
            )
        elif not bind.read_only:
            yield Violation(
                at=f"-v {bind.source}",
                found="writable",
                wanted="read-only",
                path=bind.source,
                bound=allowed == "read-only",
            )


def keeps_kernel_paths(case: LaunchCase) -> Iterator[Violation]:
    targets = [("-v", bind.target) for bind in case.ask.binds]
    targets += [("--tmpfs", path) for path, _ in case.ask.tmpfs if path != "/dev/shm"]  # noqa: S108
    for flag, target in targets:
        problem = _problem(target)
        if problem:
            yield Violation(at=f"{flag} {target}", found=problem, wanted="another target")
    for option in options(case, "systempaths", "unmask"):
        yield Violation(
            at=f"--security-opt {option}", found=option, wanted="masked paths stay masked"
        )


def _problem(target: str) -> str:
    parts = target.split("/")
    if not target.startswith("/") or ".." in parts or "." in parts or "" in parts[1:]:
        # "/x/../proc" must not slip past the comparison below.
        return "not a plain absolute path" if target != "/" else "the root of the container"
    if "/" + parts[1] in _KERNEL_PATHS:
        return f"it would cover or reopen /{parts[1]}"
    return ""


RUN020 = Rule(
    id="RUN020",
    subject=LAUNCH_REQUEST,
    severity="critical",
    title="No socket of the host is mounted",
    why="Who talks to a container engine's socket commands the host.",
    fix="Leave the mount out.",
    maps={"cis-docker-1.6.0": ("5.32",), "nist-800-190": ("4.5.5",), "trivy": ("KSV-0006",)},
    check=shares_no_socket,
    passes=asks(_GOOD),
    fails=asks(
        BindAsk("/tmp/x", "/x", True, f"{ENGINE_SOCKET} (/run/docker.sock)", "socket")  # noqa: S108
    ),
)
RUN021 = Rule(
    id="RUN021",
    subject=LAUNCH_REQUEST,
    severity="critical",
    title="No system path of the host is mounted",
    why="/, /etc, /proc, /sys and /dev of the host lead out of the container, and our own state"
    " holds the evidence.",
    fix="Mount only a directory that belongs to the application.",
    maps={"cis-docker-1.6.0": ("5.6",), "nist-800-190": ("4.5.5",), "trivy": ("KSV-0023",)},
    check=shares_no_system_path,
    passes=asks(_GOOD),
    fails=asks(BindAsk("/etc", "/host", True, "/etc", "directory")),
    locked=True,
)
RUN022 = Rule(
    id="RUN022",
    subject=LAUNCH_REQUEST,
    severity="medium",
    title="Bind mounts are read-only",
    why="A writable directory of the host outlives the container, and so does what was put there.",
    fix="Add :ro to the -v option.",
    maps={"cis-docker-1.6.0": ("5.6",), "nist-800-190": ("4.5.5",)},
    check=binds_as_allowed,
    passes=asks(_GOOD),
    fails=asks(BindAsk("/srv/site", "/site", False, "", "directory")),
)
RUN025 = Rule(
    id="RUN025",
    subject=LAUNCH_REQUEST,
    severity="high",
    title="Masked and read-only kernel paths stay so",
    why="A mount over /proc, /sys or /dev hides what is verified there, or opens what is masked.",
    fix="Choose a target outside /proc, /sys and /dev.",
    maps={"cis-docker-1.6.0": ("5.6",), "nist-800-190": ("4.4.3",), "trivy": ("KSV-0027",)},
    check=keeps_kernel_paths,
    passes=launch(bounds=BOUNDS),
    fails=asks(tmpfs=(("/proc/x", 0),)),
    locked=True,
)

MOUNT_RULES = (RUN020, RUN021, RUN022, RUN025)
