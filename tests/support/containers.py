"""Real containers for kernel tests: who starts them, from what, and with which protection out."""

from __future__ import annotations

import functools
import json
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ORDINARY_USER = "secure-test"
APPLETS = (
    "sh", "cat", "ls", "id", "mount", "umount", "ps", "sleep", "kill", "grep", "mkdir", "touch",
    "unshare", "wc", "tty", "stat", "hostname", "ip", "true", "false", "echo", "env", "readlink",
    "cp", "chmod", "mknod", "head", "tail", "tr", "seq", "yes", "dd", "test", "sort", "stty",
)  # fmt: skip

_PLANT = """
import os, sys
folder = os.open("/etc", os.O_RDONLY | os.O_DIRECTORY)
for number in map(int, sys.argv[1].split(",")):
    os.dup2(folder, number)
    os.set_inheritable(number, True)
os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True)
class Caller:
    """Who runs the supervisor: "root", or an ordinary user, with one id or a range."""

    name: str
    uid: int
    gid: int
    id_map: str = ""

    @property
    def credentials(self) -> dict[str, Any]:
        """For subprocess: nothing to change for whoever runs the tests."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def ordinary_user() -> pwd.struct_passwd:
    """The ordinary user for kernel tests: the caller, or the one that the test set-up made."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam(ORDINARY_USER)
    except KeyError:
        pytest.skip(f"no user {ORDINARY_USER}: scripts/test makes it when run as root")


def callers() -> dict[str, Caller]:
    """The three ways to start, by name; skips what this machine or caller cannot be."""
    user = ordinary_user()
    found = {
        "user": Caller("user", user.pw_uid, user.pw_gid),
        "range": Caller("range", user.pw_uid, user.pw_gid, "range"),
    }
    if os.geteuid() == 0:
        found["root"] = Caller("root", 0, 0)
    return found


def caller(name: str) -> Caller:
    """One way to start.

    Skips:
        "root" without root; "range" without subordinate ids or newuidmap; an ordinary user where
        none may make namespaces (Ubuntu 24.04 as it is installed).
    """
    found = callers().get(name)
    if found is None:
        pytest.skip("needs root")
    if found.uid != 0 and (refusal := _refusal(found)):
        pytest.skip(f"user namespaces are kept from ordinary users (secure info): {refusal}")
    if name == "range":
        user = pwd.getpwuid(found.uid).pw_name
        lines = Path("/etc/subuid").read_text() if Path("/etc/subuid").exists() else ""
        if not any(line.startswith(f"{user}:") for line in lines.splitlines()):
            pytest.skip(f"user {user} has no subordinate ids in /etc/subuid")
        if shutil.which("newuidmap") is None:
            pytest.skip("newuidmap is not installed (apt-get install uidmap)")
    return found


@functools.cache
def _refusal(user: Caller) -> str:
    """What the kernel says to an ordinary user who makes namespaces; "" where it lets him."""
    words = ["unshare", "--user", "--mount", "true"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, **user.credentials)
    return str(done.stderr).strip()


@dataclass(frozen=True)
class Result:
    """What a container printed and how it ended."""

    code: int
    out: str
    err: str
    seen: dict[str, Any] = field(default_factory=dict)

    @property
    def numbers(self) -> set[int]:
        """Numbers of the comparisons in which the gate found a difference."""
        return {difference[0] for difference in self.seen.get("differences", ())}


@dataclass(frozen=True)
class Workshop:
    """A world-readable folder with a root file system, a filter and copies of the package."""

    folder: Path

    @property
    def rootfs(self) -> Path:
        return self.folder / "rootfs"

    def package(self, name: str, replacements: tuple[tuple[str, str, str], ...]) -> Path:
        """A copy of the package in which (file, old, new) texts were replaced.

        Every old text must stand in its file: otherwise a control would test nothing.
        """
        home = self.folder / f"package-{name}"
        if home.exists():
            return home
        shutil.copytree(ROOT / "secure", home / "secure", ignore=shutil.ignore_patterns("*.pyc"))
        for file, old, new in replacements:
            path = home / "secure" / file
            text = path.read_text(encoding="utf-8")
            assert old in text, f"{file} no longer holds {old!r}"
            path.write_text(text.replace(old, new), encoding="utf-8")
        return home

    def start(
        self,
        who: Caller,
        *command: str,
        package: Path | None = None,
        stdin: str | None = None,
        planted: tuple[int, ...] = (),
        **specification: Any,
    ) -> Result:
        """Start a container and wait for it.

        `planted` are numbers under which its starter has a directory of the host open and
        inheritable: a process of its own, since number 3 of this one may be the pipe by which a
        worker of the test run is told what to do.
        """
        with self.prepared(who, specification) as spec:
            arguments = self.command(spec, package, *command)
            done = subprocess.run(
                _planting(planted, arguments) if planted else arguments,
                capture_output=True,
                text=True,
                errors="replace",
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                timeout=60,
                check=False,
                env={"PATH": "/usr/bin:/bin", "HOME": str(spec.parent), "SECRET": "of the caller"},
                **who.credentials,
            )
            seen_file = spec.parent / "seen.json"
            seen = json.loads(seen_file.read_text()) if seen_file.exists() else {}
        return Result(done.returncode, done.stdout, done.stderr, seen)

    def prepared(self, who: Caller, specification: dict[str, Any]) -> _Scratch:
        """A scratch folder of the caller's with the specification in it."""
        return _Scratch(self, who, specification)

    def command(self, spec: Path, package: Path | None, *command: str) -> list[str]:
        """The command line that starts a container."""
        packages = package or self.package("whole", ())
        script = self.folder / "start_container.py"
        python = os.path.realpath(sys.executable)
        return [python, "-I", "-S", "-B", str(script), str(packages), str(spec), "--", *command]


def _planting(planted: tuple[int, ...], arguments: list[str]) -> list[str]:
    numbers = ",".join(map(str, planted))
    return [os.path.realpath(sys.executable), "-I", "-S", "-c", _PLANT, numbers, *arguments]


class _Scratch:
    """A folder that the caller owns, removed afterwards."""

    def __init__(self, shop: Workshop, who: Caller, specification: dict[str, Any]) -> None:
        self._folder = shop.folder / f"run-{os.urandom(4).hex()}"
        self._who = who
        self._specification = {
            "map": who.id_map,
            "layers": [str(shop.rootfs), str(shop.folder / "empty")],
            "filter": str(shop.folder / "filter.bpf"),
            "plain": str(shop.folder / "plain.bpf"),
            "out": str(self._folder / "seen.json"),
            **specification,
        }

    def __enter__(self) -> Path:
        self._folder.mkdir(mode=0o755)
        if os.geteuid() == 0:
            os.chown(self._folder, self._who.uid, self._who.gid)
        spec = self._folder / "spec.json"
        spec.write_text(json.dumps(self._specification), encoding="utf-8")
        return spec

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def build_workshop(folder: Path) -> Workshop:
    """Fill `folder`.

    Skips:
        without a static busybox there is no root file system to build.
    """
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox is not installed (apt-get install busybox-static)")
    shop = Workshop(folder)
    (shop.rootfs / "bin").mkdir(parents=True)
    (shop.rootfs / "etc").mkdir()
    (shop.rootfs / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n", encoding="utf-8")
    (folder / "empty").mkdir()
    shutil.copy(busybox, shop.rootfs / "bin/busybox")
    for applet in APPLETS:
        (shop.rootfs / "bin" / applet).symlink_to("busybox")
    shutil.copy(Path(__file__).with_name("start_container.py"), folder)
    from secure.kernel.seccomp_profile import compile_filter

    compiled = compile_filter((ROOT / "policies/seccomp/default.json").read_bytes())
    (folder / "filter.bpf").write_bytes(compiled.watched)
    (folder / "plain.bpf").write_bytes(compiled.bpf)
    folder.chmod(0o755)
    return shop
