"""A database that pacman itself has just written, against its own list."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from scanning import cache_folder

from secure.facts.image import ImageFacts
from secure.images.source import open_image
from secure.scan.image import scan_image

NOW = "2026-11-24T00:00:00Z"
CONFIG = "[options]\nArchitecture = auto\nSigLevel = Never\n"


def package(path: Path, *lines: str) -> Path:
    """A package file, as makepkg lays it out: .PKGINFO and one file."""
    head = "\n".join(("pkgdesc = d", "builddate = 1", "size = 3", "arch = any", *lines)) + "\n"
    with tarfile.open(path, "w") as archive:
        for name, text in ((".PKGINFO", head), (f"usr/share/{path.name}", "hi\n")):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, BytesIO(text.encode()))
    return path


def pacman(root: Path, *arguments: str) -> str:
    (root.parent / "pacman.conf").write_text(CONFIG)
    command = [
        "pacman", "--config", f"{root.parent}/pacman.conf", "--root", str(root),
        "--dbpath", f"{root}/var/lib/pacman", "--cachedir", f"{root.parent}/cache",
        "--logfile", f"{root.parent}/log", "--noconfirm", *arguments,
    ]  # fmt: skip
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A root with three packages, one of them only needed by another.

    Skips:
        pacman is not here, or this is no root, as which alone it installs.
    """
    if shutil.which("pacman") is None:
        pytest.skip("pacman is not installed (apt-get install pacman-package-manager)")
    root = tmp_path / "root"
    (root / "var/lib/pacman").mkdir(parents=True)
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text("ID=arch\n")
    tool = package(
        tmp_path / "tool.pkg.tar",
        "pkgname = tool", "pkgbase = tool", "pkgver = 1:2.0-3", "url = https://example.org",
        "packager = Some One <a@example.org>", "license = MIT", "license = Apache-2.0",
        "depend = libodd.so>=2", "depend = absent",
    )  # fmt: skip
    library = package(
        tmp_path / "lib.pkg.tar",
        "pkgname = odd-libs", "pkgbase = odd", "pkgver = 2.1+r3-1", "provides = libodd.so=2-64",
    )  # fmt: skip
    gone = package(tmp_path / "gone.pkg.tar", "pkgname = gone", "pkgbase = gone", "pkgver = 1-1")
    try:
        pacman(root, "-Udd", str(tool), str(gone))
        pacman(root, "-Udd", "--asdeps", str(library))
        pacman(root, "-Rdd", "gone")
    except subprocess.CalledProcessError as cause:
        if "root" not in cause.stderr:
            raise
        pytest.skip("pacman installs as root only")
    return root


def facts_of(path: Path) -> ImageFacts:
    with open_image(str(path)) as image:
        return scan_image(image, cache_dir=cache_folder().name, now=NOW)


def test_packages_are_those_pacman_lists(installed: Path) -> None:
    facts = facts_of(installed)
    listed = pacman(installed, "-Q").splitlines()
    assert [f"{p.name} {p.version}" for p in facts.packages] == listed
    assert len(listed) == 2
    assert facts.complete
    assert facts.claims is not None
    assert (facts.claims.claimed, facts.claims.missing) == (2, ())
    odd, tool = facts.packages
    assert tool.purl == "pkg:alpm/arch/tool@1:2.0-3?arch=any&distro=arch"
    assert tool.licences == ("MIT", "Apache-2.0")
    assert tool.depends == ("odd-libs",)
    assert (tool.homepage, tool.maintainer) == ("https://example.org", "Some One <a@example.org>")
    assert (odd.source, odd.automatic, tool.automatic) == ("odd", True, False)
    assert odd.purl.endswith("&upstream=odd")
