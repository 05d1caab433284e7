"""Bundles for the OCI runtime, and the runtimes that are compared on them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from containers import APPLETS, Caller
from installation import Ended

_TIMEOUT_S = 120  # a machine that others keep busy, too


def base_config(who: Caller) -> dict[str, Any]:
    """A small config: a root inside that is this caller outside, or a range for root."""
    host, size = (who.uid, 1) if who.uid else (1_900_000_000, 65536)
    row = [{"containerID": 0, "hostID": host, "size": size}]
    spaces = ("pid", "network", "ipc", "uts", "mount", "user", "cgroup")
    safe = ["nosuid", "noexec", "nodev"]
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": ["/bin/sh", "-c", "true"],
            "env": ["PATH=/bin"],
            "cwd": "/",
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs", "readonly": True},
        "hostname": "inside",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc", "options": safe},
            {
                "destination": "/dev",
                "type": "tmpfs",
                "source": "tmpfs",
                "options": ["nosuid", "mode=755", "size=64k"],
            },
            {
                "destination": "/dev/pts",
                "type": "devpts",
                "source": "devpts",
                "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
            },
            {
                "destination": "/tmp",
                "type": "tmpfs",
                "source": "tmpfs",
                "options": ["nosuid", "mode=1777", "size=1m"],
            },
        ],
        "linux": {
            "namespaces": [{"type": name} for name in spaces],
            "uidMappings": row,
            "gidMappings": row,
        },
    }


@dataclass(frozen=True)
class Runtime:
    """One runtime's command line, run by one caller, with its own state directory."""

    name: str
    command: tuple[str, ...]
    folder: Path
    who: Caller
    environment: dict[str, str]

    def __call__(self, *words: str, stdin: str | None = None) -> Ended:
        done = subprocess.run(
            [*self.command, "--root", str(self.folder / f"state-{self.name}"), *words],
            capture_output=True,
            text=True,
            errors="replace",
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            timeout=_TIMEOUT_S,
            check=False,
            cwd=self.folder,
            env=self.environment,
            **self.who.credentials,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def create(self, name: str, bundle: Path, *flags: str) -> Ended:
        """create, with a file for what the container prints: a pipe would wait for its end."""
        with (self.folder / f"{name}.out").open("w") as out:
            done = subprocess.run(
                [
                    *self.command, "--root", str(self.folder / f"state-{self.name}"),
                    "create", "--bundle", str(bundle), *flags, name,
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=_TIMEOUT_S,
                check=False,
                cwd=self.folder,
                env=self.environment,
                **self.who.credentials,
            )  # fmt: skip
        return Ended(done.returncode, self.printed(name), self.printed(name))

    def printed(self, name: str) -> str:
        """What the container `name` has printed so far."""
        return (self.folder / f"{name}.out").read_text(errors="replace")

    def state(self, name: str) -> dict[str, Any]:
        """The state document; {} where the command fails."""
        ended = self("state", name)
        found: dict[str, Any] = json.loads(ended.out) if ended.code == 0 else {}
        return found


def make_bundle(folder: Path, who: Caller, config: dict[str, Any]) -> Path:
    """A bundle that `who` owns; its root file system is busybox."""
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox is not installed (apt-get install busybox-static)")
    rootfs = folder / "rootfs"
    for name in ("bin", "etc", "proc", "dev", "sys", "tmp", "data"):
        (rootfs / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(busybox, rootfs / "bin/busybox")
    for applet in APPLETS:
        (rootfs / "bin" / applet).symlink_to("busybox")
    write_config(folder, config)
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, who.uid, who.gid, follow_symlinks=False)
    return folder


def write_config(bundle: Path, config: dict[str, Any]) -> None:
    """Replace a bundle's config.json."""
    path = bundle / "config.json"
    path.unlink(missing_ok=True)
    path.write_text(json.dumps(config), encoding="utf-8")
