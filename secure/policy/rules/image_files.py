"""Rules on single files of the image: privileges, permissions, devices, tools."""

from __future__ import annotations

from secure.facts.files import FileTag
from secure.policy.rule import FEWER, IMAGE_CONTENT, PATHS, ImageCase, Parameter, Rule, Violation
from secure.policy.rule import names as listed
from secure.policy.rules.image_case import file, image
from secure.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.facts.files import FileFact

_SHOWN = 50  # findings of one rule; the rest is one line, so that a report stays readable

# What Debian, Ubuntu, Alpine and Fedora base images carry setuid or setgid; with no_new_privileges
# none of them gains anything.
_DISTRIBUTION_SETUID = (
    "/usr/bin/chage",
    "/usr/bin/chfn",
    "/usr/bin/chsh",
    "/usr/bin/expiry",
    "/usr/bin/gpasswd",
    "/usr/bin/mount",
    "/usr/bin/newgrp",
    "/usr/bin/passwd",
    "/usr/bin/su",
    "/usr/bin/umount",
    "/usr/bin/wall",
    "/usr/bin/write",
    "/usr/sbin/pam_timestamp_check",
    "/usr/sbin/unix_chkpwd",
)
# Programs that are many tools under many names; busybox images link theirs to "[".
_MANY_IN_ONE = ("busybox", "busybox.static", "toybox", "[")
# null, zero, full, random, urandom; tty, console, ptmx: what debootstrap makes, and what every
# container has.
_HARMLESS_DEVICES = ("c 1:3", "c 1:5", "c 1:7", "c 1:8", "c 1:9", "c 5:0", "c 5:1", "c 5:2")
_DISTRIBUTION_CAPABILITIES = ("/usr/bin/newgidmap", "/usr/bin/newuidmap", "/usr/bin/ping")


def tagged(case: ImageCase, *tags: FileTag) -> Iterator[FileFact]:
    """The files of the running image (not those a later layer deleted) with one of these tags."""
    for fact in case.facts.files:
        if fact.location.deleted_by is None and not set(tags).isdisjoint(fact.tags):
            yield fact


def one_name(path: str) -> str:
    """A path in the form in which two names of one file compare: /bin is /usr/bin everywhere."""
    plain = path.strip("/")
    head = plain.partition("/")[0]
    return f"usr/{plain}" if head in ("bin", "sbin", "lib", "lib64") else plain


def at_file(fact: FileFact) -> str:
    """A file and its layer, for people."""
    return f"/{fact.location.path} (layer {fact.location.layer})"


def _not_allowed(case: ImageCase, *tags: FileTag) -> Iterator[FileFact]:
    allowed = {one_name(path) for path in listed(case.parameters, "allow")}
    for fact in tagged(case, *tags):
        if one_name(fact.location.path) not in allowed:
            yield fact


def _each(facts: Iterator[FileFact], found: str, wanted: str) -> Iterator[Violation]:
    """One violation a file, and one for all beyond `_SHOWN`; `found` may name mode and detail."""
    for number, fact in enumerate(facts):
        if number == _SHOWN:
            rest = 1 + sum(1 for _ in facts)
            yield Violation(at=f"{rest} more files", found=f"{rest} more", wanted=wanted)
            return
        path = "/" + fact.location.path
        yield Violation(
            at=at_file(fact),
            found=found.format(mode=f"{fact.mode:04o}", detail=fact.detail or "set"),
            wanted=wanted,
            place=path,
            path=path,
        )


def has_no_unknown_setuid(case: ImageCase) -> Iterator[Violation]:
    found = _not_allowed(case, FileTag.SETUID, FileTag.SETGID)
    return _each(found, "mode {mode}", "no setuid or setgid bit")


def has_no_file_capabilities(case: ImageCase) -> Iterator[Violation]:
    found = _not_allowed(case, FileTag.CAPABILITIES)
    return _each(found, "capabilities {detail}", "no file capabilities")


def is_not_world_writable(case: ImageCase) -> Iterator[Violation]:
    found = _not_allowed(case, FileTag.WORLD_WRITABLE)
    return _each(found, "mode {mode}: everyone may write", "not writable for everyone")


def has_no_privilege_tool(case: ImageCase) -> Iterator[Violation]:
    found = _not_allowed(case, FileTag.PRIVILEGE_TOOL)
    return _each(found, "a tool that changes the user", "no such tool")


def has_no_login_server(case: ImageCase) -> Iterator[Violation]:
    servers = list(tagged(case, FileTag.REMOTE_LOGIN))
    real = (fact for fact in servers if not _is_applet(fact))
    applets = (fact for fact in servers if _is_applet(fact))
    yield from _each(real, "a login server", "no login server")
    yield from _only_warn(_each(applets, "a login server within busybox", "no login server"))


def _is_applet(fact: FileFact) -> bool:
    """A link to the one program that holds every tool: it comes along whether wanted or not."""
    link, _, target = fact.detail.rpartition(" ")
    return link in ("->", "=") and target.rpartition("/")[2] in _MANY_IN_ONE


def _only_warn(violations: Iterator[Violation]) -> Iterator[Violation]:
    for violation in violations:
        yield replace(violation, severity="low", action="warn")


def has_no_device(case: ImageCase) -> Iterator[Violation]:
    # By number, not by name: /dev/null can be made to be a disk.
    allowed = listed(case.parameters, "allow")
    found = (fact for fact in tagged(case, FileTag.DEVICE) if fact.detail not in allowed)
    yield from _each(found, "device {detail}", "no device nodes")
    special = _each(tagged(case, FileTag.SPECIAL), "a fifo or socket", "ordinary files")
    yield from _only_warn(special)


def has_no_shell(case: ImageCase) -> Iterator[Violation]:
    yield from _together(case, FileTag.SHELL, "no shell")
    yield from _together(case, FileTag.PACKAGE_MANAGER, "no package manager")


def has_no_compiler(case: ImageCase) -> Iterator[Violation]:
    return _together(case, FileTag.COMPILER, "no compiler")


def _together(case: ImageCase, tag: FileTag, wanted: str) -> Iterator[Violation]:
    """One violation for all files with a tag: they come and go together."""
    paths = sorted({"/" + fact.location.path for fact in tagged(case, tag)})
    if paths:
        more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
        yield Violation(
            at=tag.value.replace("-", " "),
            found=", ".join(paths[:5]) + more,
            wanted=wanted,
            path=paths[0] if len(paths) == 1 else "",
        )


CON006 = Rule(
    id="CON006",
    subject=IMAGE_CONTENT,
    severity="high",
    title="Only known files are setuid or setgid",
    why="A setuid file runs with its owner's rights, whoever starts it.",
    fix="Remove the bit: `RUN chmod ug-s FILE`.",
    maps={"cis-docker-1.6.0": ("4.8",), "nist-800-190": ("4.1.2",), "dockle": ("CIS-DI-0008",)},
    check=has_no_unknown_setuid,
    passes=image(files=(file("bin/su", FileTag.SETUID, mode=0o4755),)),
    fails=image(files=(file("usr/local/bin/tool", FileTag.SETUID, mode=0o4755),)),
    parameters=(
        Parameter("allow", _DISTRIBUTION_SETUID, FEWER, "files that may be", entries=PATHS),
    ),
)
CON007 = Rule(
    id="CON007",
    subject=IMAGE_CONTENT,
    severity="high",
    title="Only known files carry capabilities",
    why="A file capability is a setuid bit that `ls` does not show.",
    fix="Remove it: `RUN setcap -r FILE`.",
    maps={"cis-docker-1.6.0": ("4.8",), "nist-800-190": ("4.1.2",)},
    check=has_no_file_capabilities,
    passes=image(files=(file("usr/bin/ping", FileTag.CAPABILITIES, detail="cap_net_raw"),)),
    fails=image(files=(file("usr/bin/python3", FileTag.CAPABILITIES, detail="cap_setuid"),)),
    parameters=(
        Parameter("allow", _DISTRIBUTION_CAPABILITIES, FEWER, "files that may", entries=PATHS),
    ),
)
CON008 = Rule(
    id="CON008",
    subject=IMAGE_CONTENT,
    severity="medium",
    title="Nothing is writable for everyone",
    why="Every process of the container can replace it.",
    fix="Take the permission away: `RUN chmod o-w PATH`, or set the sticky bit of a directory.",
    maps={"nist-800-190": ("4.1.2",), "kics": ("chmod 777",)},
    check=is_not_world_writable,
    passes=image(files=(file("srv/app", FileTag.SETGID, mode=0o2755),)),
    fails=image(files=(file("srv/app.conf", FileTag.WORLD_WRITABLE, mode=0o666),)),
    parameters=(Parameter("allow", (), FEWER, "paths that may be", entries=PATHS),),
)
CON012 = Rule(
    id="CON012",
    subject=IMAGE_CONTENT,
    severity="medium",
    title="No tool to become another user",
    why="sudo, su, doas and pkexec exist to gain privileges; a container has no use for them.",
    fix="Remove the package; start the program as the right user instead.",
    maps={
        "cis-docker-1.6.0": ("4.3",),
        "nist-800-190": ("4.1.2",),
        "dockle": ("DKL-DI-0001",),
        "hadolint": ("DL3004",),
        "trivy": ("DS-0010",),
    },
    check=has_no_privilege_tool,
    passes=image(files=(file("bin/su", FileTag.PRIVILEGE_TOOL),)),
    fails=image(files=(file("usr/bin/sudo", FileTag.PRIVILEGE_TOOL),)),
    parameters=(
        Parameter(
            "allow",
            ("/usr/bin/su", "/usr/sbin/runuser"),
            FEWER,
            "tools that may be",
            entries=PATHS,
        ),
    ),
)
CON013 = Rule(
    id="CON013",
    subject=IMAGE_CONTENT,
    severity="high",
    title="No login server",
    why="It is a second way in, with its own accounts and flaws.",
    fix="Remove the package; use the engine's exec.",
    maps={"cis-docker-1.6.0": ("5.7",), "nist-800-190": ("4.1.2",), "trivy": ("DS-0004",)},
    check=has_no_login_server,
    passes=image(),
    fails=image(files=(file("usr/sbin/sshd", FileTag.REMOTE_LOGIN),)),
)
CON014 = Rule(
    id="CON014",
    subject=IMAGE_CONTENT,
    severity="low",
    title="No shell and no package manager",
    why="They are the first tools an intruder reaches for.",
    fix="Copy the program onto a base image without them, e.g. a distroless one.",
    maps={"cis-docker-1.6.0": ("4.3",), "nist-800-190": ("4.1.2",), "dockle": ("CIS-DI-0003",)},
    check=has_no_shell,
    passes=image(),
    fails=image(files=(file("bin/sh", FileTag.SHELL),)),
)
CON015 = Rule(
    id="CON015",
    subject=IMAGE_CONTENT,
    severity="low",
    title="No compiler",
    why="A runtime image does not build; a compiler turns a small flaw into any program.",
    fix="Build in an earlier stage and copy only the result.",
    maps={"cis-docker-1.6.0": ("4.3",), "nist-800-190": ("4.1.2",), "dockle": ("CIS-DI-0003",)},
    check=has_no_compiler,
    passes=image(),
    fails=image(files=(file("usr/bin/gcc", FileTag.COMPILER),)),
)
CON019 = Rule(
    id="CON019",
    subject=IMAGE_CONTENT,
    severity="high",
    title="No device nodes, fifos or sockets",
    why="A device node in an image is a try to reach the host's hardware.",
    fix="Remove it from the layer that brings it.",
    maps={"nist-800-190": ("4.1.2",)},
    check=has_no_device,
    passes=image(files=(file("dev/null", FileTag.DEVICE, detail="c 1:3"),)),
    fails=image(files=(file("dev/sda", FileTag.DEVICE, detail="b 8:0"),)),
    parameters=(Parameter("allow", _HARMLESS_DEVICES, FEWER, "device numbers that may be"),),
)

FILE_RULES = (CON006, CON007, CON008, CON012, CON013, CON014, CON015, CON019)
