"""pacman, opkg, portage, nix, snap and flatpak: ordinary records, and what cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from scanning import directory, file, layer, scanned, symlink

from secure.facts.image import ImageFacts, Unreadable
from secure.facts.package import Package
from secure.images.write import NewFile
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.catalogers.flatpak import FLATPAK
from secure.scan.catalogers.nix_store import NIX_STORE
from secure.scan.catalogers.opkg import OPKG
from secure.scan.catalogers.pacman import PACMAN
from secure.scan.catalogers.portage import PORTAGE
from secure.scan.catalogers.snap import SNAP

STATUS = """Package: busybox
Version: 1.36.1-r1
Depends: libc, libubox20240329 (>= 1)
Provides: ip-tiny
Status: install user installed
Architecture: mips_24kc
Source: package/utils/busybox

Package: libc
Version: 1.2.4-r4
Status: install hold installed
Architecture: mips_24kc

Package: gone
Version: 1
Status: deinstall user not-installed

"""
CONTROL = """Package: busybox
Version: 1.36.1-r1
License: GPL-2.0
Maintainer: Felix <f@example.org>
"""
HASH = "0c6m8zxk4mjr2r4fqvbvbqnnjr3hxvhr"
SNAP_YAML = "name: core22\nversion: '20240111'\narchitectures: [amd64]\nlicense: GPL-3.0\n"
PLACE = "var/lib/flatpak/app/org.gnome.Maps/x86_64/stable/ab12/metadata"


def only(facts: ImageFacts) -> Package:
    (package,) = facts.packages
    return package


def of(folder: Path, *files: NewFile) -> ImageFacts:
    return scanned(folder, [layer(*files)])


def test_opkg_packages_have_what_status_and_control_say(tmp_path: Path) -> None:
    release = file("etc/openwrt_release", "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='23.05.3'\n")
    root = "usr/lib/opkg"
    files = (file(f"{root}/status", STATUS), file(f"{root}/info/busybox.control", CONTROL))
    facts = of(tmp_path, release, *files, file(f"{root}/info/busybox.list", "/bin/busybox\n"))
    assert facts.claims is not None
    assert facts.claims.claimed == 1
    busybox, libc = facts.packages
    assert busybox.purl == (
        "pkg:opkg/openwrt/busybox@1.36.1-r1?arch=mips_24kc&distro=openwrt-23.05.3"
    )
    assert (busybox.licences, busybox.maintainer) == (("GPL-2.0",), "Felix <f@example.org>")
    assert (busybox.source, busybox.depends, libc.version) == ("busybox", ("libc",), "1.2.4-r4")
    assert facts.complete


def test_portage_packages_have_their_category(tmp_path: Path) -> None:
    place = "var/db/pkg/app-shells/bash-5.2_p26-r1"
    files = (
        file(f"{place}/PF", "bash-5.2_p26-r1\n"),
        file(f"{place}/LICENSE", "GPL-3+\n"),
        file(f"{place}/HOMEPAGE", "https://a.example https://b.example\n"),
        file("etc/gentoo-release", "Gentoo Base System release 2.14\n"),
    )
    contents = (
        "dir /bin\nobj /bin/a b " + "ab" * 16 + " 1700000000\nsym /bin/sh -> a b 1700000000\n"
    )
    facts = of(tmp_path, *files, file(f"{place}/CONTENTS", contents), symlink("bin/sh", "a b"))
    package = only(facts)
    assert facts.claims is not None
    assert (facts.claims.claimed, [one.path for one in facts.claims.missing]) == (2, ["bin/a b"])
    assert package.purl == "pkg:portage/app-shells/bash@5.2_p26-r1"
    assert (package.licences, package.homepage) == (("GPL-3+",), "https://a.example")


@pytest.mark.parametrize(
    ("full", "name", "version"),
    [
        ("gcc-libs-13.2.1_p20240210", "gcc-libs", "13.2.1_p20240210"),
        ("font-adobe-100dpi-1.0.4", "font-adobe-100dpi", "1.0.4"),
        ("openssl-3.0.13-r2", "openssl", "3.0.13-r2"),
        ("timezone-data-2024a", "timezone-data", "2024a"),
    ],
)
def test_gentoo_names_and_versions_are_told_apart(full: str, name: str, version: str) -> None:
    path = f"var/db/pkg/sys-libs/{full}/PF".encode()
    (record,) = PORTAGE.parse(FileView(path, full.encode()))
    package = getattr(record, "package")  # noqa: B009
    assert (package.name, package.version) == (name, version)


def test_nix_packages_are_the_directories_of_the_store(tmp_path: Path) -> None:
    outputs = ("glibc-2.38-44", "glibc-2.38-44-bin", "python3.11-pip-23.2.1")
    plain = ("user-environment", "source-1.0.tar.gz", "stdenv-linux")
    facts = of(
        tmp_path,
        *(directory(f"nix/store/{HASH}-{name}") for name in (*outputs, *plain)),
        directory("nix/store/.links"),
        directory(f"nix/store/{HASH}-glibc-2.38-44/lib-1.2"),
    )
    assert sorted(package.purl for package in facts.packages) == [
        f"pkg:nix/glibc@2.38-44?output=bin&outputhash={HASH}",
        f"pkg:nix/glibc@2.38-44?outputhash={HASH}",
        f"pkg:nix/python3.11-pip@23.2.1?outputhash={HASH}",
    ]
    assert facts.unreadable == ()


def test_a_store_path_that_a_later_layer_deletes_is_gone(tmp_path: Path) -> None:
    name = f"nix/store/{HASH}-bash-5.2"
    layers = [layer(directory(name)), layer(file(f"nix/store/.wh.{HASH}-bash-5.2"))]
    assert scanned(tmp_path, layers).packages == ()


def test_snaps_are_told_by_their_metadata(tmp_path: Path) -> None:
    package = only(of(tmp_path, file("snap/core22/1122/meta/snap.yaml", SNAP_YAML)))
    assert package.purl == "pkg:snap/core22@20240111?arch=amd64"
    assert package.licences == ("GPL-3.0",)


def test_flatpaks_are_told_by_name_branch_and_commit(tmp_path: Path) -> None:
    content = (
        "[Application]\nname=org.gnome.Maps\nruntime=org.gnome.Platform/x86_64/45\n[Context]\n"
    )
    package = only(of(tmp_path, file(PLACE, content)))
    assert package.purl == "pkg:flatpak/org.gnome.Maps@stable?arch=x86_64&commit=ab12"


@pytest.mark.parametrize(
    ("cataloger", "name", "content"),
    [
        (PACMAN, "var/lib/pacman/local/a-1/desc", b"%NAME%\na\n"),
        (OPKG, "usr/lib/opkg/status", b"Package: a\n"),
        (PORTAGE, "var/db/pkg/c/noversion/PF", b"noversion\n"),
        (SNAP, "snap/a/1/meta/snap.yaml", b"name: [a]\nversion: 1\n"),
        (SNAP, "snap/a/1/meta/snap.yaml", b"name: {\n"),
        (SNAP, "snap/a/1/meta/snap.yaml", b"- a\n"),
        (FLATPAK, PLACE, b"[Context]\nname=a\n"),
    ],
)
def test_what_is_no_record_is_reported(cataloger: Cataloger, name: str, content: bytes) -> None:
    (found,) = cataloger.parse(FileView(name.encode(), content))
    assert isinstance(found, Unreadable)


@pytest.mark.parametrize("name", ["x", f"{HASH}-", f"{HASH[:-1]}-a-1", "a" * 5_000, "\n"])
def test_a_directory_that_is_no_store_path_is_no_package(name: str) -> None:
    assert list(NIX_STORE.parse(FileView(f"nix/store/{name}".encode(), b""))) == []


def test_a_pacman_database_out_of_sight_is_reported(tmp_path: Path) -> None:
    facts = of(tmp_path, symlink("var/lib/pacman", "/opt/pacman"))
    assert not facts.complete
