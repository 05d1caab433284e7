"""Programs compiled while testing, with the compilers of this machine."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from secure.facts.image import Unreadable
from secure.images.entry import FILE, Entry
from secure.oci.limits import MIB
from secure.scan.executables import Executables
from secure.scan.layer_facts import Record


class Held:
    """Content of an entry that lies in memory."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def read(self, entry: Entry, most: int) -> bytes:  # noqa: ARG002 - the protocol names it
        piece = self._content[self._at : self._at + most]
        self._at += len(piece)
        return piece


class Read:
    """What one executable says, read as a worker reads it.

    Args:
        head: bytes that are read at once; the rest comes in chunks and is not held.
    """

    def __init__(self, name: str, content: bytes, head: int = 16 * MIB) -> None:
        entry = Entry(name.encode(), FILE, 0o755, 0, 0, len(content), 0, content=Held(content))
        self.unreadable: list[Unreadable] = []
        executables = Executables(self.unreadable)
        found = executables.read(entry, entry.read(head))
        self.records: tuple[Record, ...] = found.records if found else ()
        self.packages = [record.package for record in self.records]
        mark = executables.marks.get(name.encode())
        self.fact = mark.fact if mark else None

    def versions(self, found_by: str) -> dict[str, str]:
        """Version by namespace and name of what one reader found."""
        return {
            "/".join(filter(None, (p.namespace, p.name))): p.version
            for p in self.packages
            if p.found_by == found_by
        }


def tool(name: str) -> str:
    """Where a compiler is; the test is skipped without it."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here")
    return found


def run(command: Sequence[str], folder: Path, **env: str) -> str:
    """Run to success and give its output."""
    done = subprocess.run(
        command, cwd=folder, env=os.environ | env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def compiled_c(folder: Path, *flags: str, name: str = "program", source: str = "") -> bytes:
    """A C program, by gcc with these flags."""
    code = folder / f"{name}.c"
    code.write_text(source or "int main(void) { return 0; }\n")
    run([tool("gcc"), *flags, "-o", name, code.name], folder)
    return (folder / name).read_bytes()


def go_proxy(folder: Path, modules: dict[str, str]) -> str:
    """A module proxy in files, with one package in each module: path -> version."""
    for path, version in modules.items():
        versions = folder / path / "@v"
        versions.mkdir(parents=True, exist_ok=True)
        mod = f"module {path}\n\ngo 1.20\n"
        package = path.rpartition("/")[2].replace("-", "")
        (versions / "list").write_text(version + "\n")
        (versions / f"{version}.info").write_text(f'{{"Version":"{version}"}}')
        (versions / f"{version}.mod").write_text(mod)
        with zipfile.ZipFile(versions / f"{version}.zip", "w") as archive:
            archive.writestr(f"{path}@{version}/go.mod", mod)
            code = f'package {package}\n\nfunc Name() string {{ return "{path}" }}\n'
            archive.writestr(f"{path}@{version}/{package}.go", code)
    return folder.as_uri()


def go_117() -> bytes:
    """The program by Go 1.17, without inlined strings, that Go keeps for its own tests."""
    root = run([tool("go"), "env", "GOROOT"], Path("/")).strip()
    kept = Path(root) / "src/debug/buildinfo/testdata/go117/go117.base64"
    if not kept.is_file():
        pytest.skip("this Go has no program by Go 1.17 among its tests")
    return base64.b64decode(kept.read_bytes())
