"""Attacks on a real container, and the same attacks where one defence is off.

An attack is a shell script that runs inside. `Arena.try_on` runs it in the product; with `without`
it runs in a copy of the package in which the named defences were replaced by nothing (and the gate
switched off, which would kill such a container). Both run in new user, mount and pid namespaces.
Floods go through `Arena.flood`, whose guard refuses to start them anywhere else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from containers import ROOT, Caller, Result, Workshop

Replacement = tuple[str, str, str]
INIT = "runtime/init.py"
ROOTFS = "runtime/rootfs.py"
MOUNTS = "runtime/mounts.py"
SOURCE = Path(__file__).with_name("attack.c")
FLOOD_S = 20

GATE_OFF: Replacement = (
    "runtime/supervisor.py",
    "differences = compare(",
    "differences = () and compare(",
)
NO_FILTER: tuple[Replacement, ...] = (
    (INIT, "    _filter_calls(bpf, channel)\n", ""),
    # Without a filter there is no listener to wait for.
    ("runtime/supervisor.py", "        self._take_listener()\n", ""),
)
# What stands against attacks: name -> the replacements that take it out of a copy.
DEFENCES: dict[str, tuple[Replacement, ...]] = {
    "filter": NO_FILTER,
    "landlock": ((INIT, "    landlocked = _confine(plan)\n", '    landlocked = ""\n'),),
    "no-new-privs": ((INIT, "    prctl(PR_SET_NO_NEW_PRIVS, 1)\n", ""),),
    "secret-init": ((INIT, "    prctl(PR_SET_DUMPABLE, 0)\n", ""),),
    "rlimits": ((INIT, "    _limit(plan)\n", ""),),
    "masks": ((ROOTFS, "    for path in plan.masked:\n", "    for path in ():\n"),),
    "read-only": ((ROOTFS, "    for path in plan.read_only:\n", "    for path in ():\n"),),
    "close-range": ((INIT, "_LAST_DESCRIPTOR = 0xFFFFFFFF", "_LAST_DESCRIPTOR = 250"),),
    "session-keyring": (
        (
            INIT,
            '    syscall("keyctl", _KEYCTL_JOIN_SESSION_KEYRING, None, target=',
            "    (lambda **_: None)(target=",
        ),
    ),
    # The image's own links are followed, and nothing of ours lies over them.
    "skeleton": (
        (ROOTFS, "    for directory in plan.directories:\n", "    for directory in ():\n"),
        (ROOTFS, "    for name, content in plan.files:\n", "    for name, content in ():\n"),
    ),
    "no-links": (
        (
            "kernel/openat2.py",
            "NO_LINKS = IN_IMAGE | RESOLVE_NO_SYMLINKS",
            "NO_LINKS = IN_IMAGE",
        ),
    ),
}


@dataclass(frozen=True)
class Arena:
    """A workshop with the attack program in a layer of its own."""

    shop: Workshop

    @property
    def layer(self) -> Path:
        return self.shop.folder / "attack-layer"

    @property
    def program(self) -> Path:
        return self.layer / "bin/attack"

    def try_on(
        self,
        who: Caller,
        script: str,
        *,
        without: tuple[str, ...] = (),
        replaced: tuple[Replacement, ...] = (),
        layers: tuple[Path, ...] = (),
        **specification: Any,
    ) -> Result:
        """Run a shell script in a container.

        Args:
            without: names in `DEFENCES`; the gate is off as well.
            replaced: further replacements for this copy of the package.
            layers: of the image, above the busybox and the attack program.
        """
        package = self.package(without, replaced) if without or replaced else None
        stack = [self.shop.rootfs, self.layer, *layers, self.shop.folder / "empty"]
        return self.shop.start(
            who, "/bin/sh", "-c", script, package=package,
            **{"layers": [str(path) for path in stack], **specification},
        )  # fmt: skip

    def package(
        self,
        without: tuple[str, ...],
        replaced: tuple[Replacement, ...] = (),
        *,
        gate: bool = False,
    ) -> Path:
        """A copy of the package without some defences."""
        out = [change for name in without for change in DEFENCES[name]]
        out += [*replaced, *(() if gate else (GATE_OFF,))]
        for file, old, _ in out:
            # Before anything is copied: a control whose text is gone would test the whole product.
            assert old in (ROOT / "secure" / file).read_text(encoding="utf-8"), (file, old)
        name = f"{abs(hash(tuple(out))):x}"
        return self.shop.package(name, tuple(out))

    def flood(self, words: str) -> str:
        """A shell command that starts a flood under the guard."""
        host = " ".join(os.readlink(f"/proc/self/ns/{kind}") for kind in ("user", "pid", "mnt"))
        return f"/bin/attack confined {host} {FLOOD_S} -- /bin/attack {words}"

    def image(self, name: str, **entries: str | bytes) -> Path:
        """A layer of symbolic links (text: "-> TARGET"), directories ("/") and files.

        Args:
            entries: path with "/" written as "__" -> what it is.
        """
        folder = self.shop.folder / f"image-{name}"
        if folder.exists():
            return folder
        folder.mkdir()
        for key, what in entries.items():
            path = folder / key.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(what, bytes):
                path.write_bytes(what)
                path.chmod(0o755)
            elif what == "/":
                path.mkdir(exist_ok=True)
            else:
                path.symlink_to(what.removeprefix("-> "))
        return folder

    def compiled(self, name: str, source: str, *flags: str, place: str = "bin") -> Path:
        """A layer with one program, compiled from C; static unless flags say otherwise."""
        folder = self.shop.folder / f"program-{name}"
        (folder / place).mkdir(parents=True, exist_ok=True)
        text = self.shop.folder / f"{name}.c"
        text.write_text("#define _GNU_SOURCE\n" + source, encoding="utf-8")
        compile_c(text, folder / place / name, *(flags or ("-static",)))
        return folder

    def open_folder(self, name: str) -> Path:
        """A folder on the host that every user may write."""
        folder = self.shop.folder / f"{name}-{os.urandom(3).hex()}"
        folder.mkdir()
        folder.chmod(0o777)
        return folder


def build_arena(shop: Workshop) -> Arena:
    """Compile the attack program into a layer.

    Skips:
        there is no C compiler.
    """
    arena = Arena(shop)
    arena.program.parent.mkdir(parents=True, exist_ok=True)
    compile_c(SOURCE, arena.program, "-static")
    return arena


def compile_c(source: Path, target: Path, *flags: str) -> None:
    """Compile one C file.

    Skips:
        there is no C compiler.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("cc is not installed (apt-get install gcc libc6-dev)")
    command = [compiler, "-O1", "-Wall", *flags, "-o", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def said(result: Result) -> dict[str, str]:
    """NAME=VALUE lines that a script printed."""
    pairs = (line.partition("=") for line in result.out.splitlines() if "=" in line)
    return {name: text for name, _, text in pairs}


def refused(result: Result, *names: str, by: str = "EPERM") -> bool:
    """Every named call was answered with this errno."""
    found = said(result)
    return all(found.get(name) == by for name in names)
