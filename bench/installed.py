"""What is measured: the wheel, installed in an environment of its own, for whoever may read it.

A checkout would measure another start (its launcher looks at more places), and an ordinary user
might not be able to read it.
"""

from __future__ import annotations

import compileall
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_DISTRIBUTIONS = (
    "cvss", "hyperscan", "isal", "libarchive-c", "msgspec", "packaging", "pyseccomp", "pyyaml",
    "zstandard",
)  # fmt: skip


@dataclass(frozen=True)
class Installed:
    """A fresh environment: the command, and the interpreter it starts."""

    secure: str
    python: str
    folder: str


@contextmanager
def installed() -> Iterator[Installed]:
    """Build the wheel, install it, give it away for reading, and remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="secure-bench-", dir="/var/tmp"))
    try:
        folder.chmod(0o755)
        yield _install(folder)
    finally:
        shutil.rmtree(folder)


def _install(folder: Path) -> Installed:
    _quiet(sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(folder), str(ROOT))
    wheel = next(folder.glob("*.whl"))
    home = folder / "venv"
    # The interpreter itself: a link into somebody's home could not be followed by others.
    _quiet(os.path.realpath(sys.executable), "-m", "venv", "--without-pip", str(home))
    python = home / "bin/python3"
    _quiet(
        sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index",
        "--disable-pip-version-check", str(wheel),
    )  # fmt: skip
    packages = next(home.glob("lib/python3*/site-packages"))
    for name in _DISTRIBUTIONS:
        _copy(importlib.metadata.distribution(name), packages)
    compileall.compile_dir(packages, quiet=1)
    product = Installed(str(home / "bin/secure"), str(python), str(folder))
    # The owner of an installation packs its modules by his first commands (decision 6).
    _quiet(product.secure, "run", "--help")
    _quiet(product.secure, "oci", "features")
    return product


def _copy(distribution: importlib.metadata.Distribution, packages: Path) -> None:
    for file in distribution.files or ():
        source = Path(str(distribution.locate_file(file)))
        if ".." in file.parts or "__pycache__" in file.parts or not source.is_file():
            continue
        target = packages / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def _quiet(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)} failed:\n{done.stdout}{done.stderr}")
