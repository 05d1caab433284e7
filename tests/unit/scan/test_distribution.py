"""Distributions, told by os-release and by what there was before it; contents as shipped."""

from __future__ import annotations

from pathlib import Path

import pytest
from scanning import apk_record, dpkg_record, file, layer, scanned, symlink

from secure.facts.files import OsRelease
from secure.facts.location import Location
from secure.facts.package import Package
from secure.images.write import NewFile
from secure.scan.layer_facts import Record
from secure.scan.os_release import CANDIDATES, parse_release
from secure.scan.packages import described

STATUS = "var/lib/dpkg/status"
UBUNTU = """DISTRIB_ID=Ubuntu
DISTRIB_RELEASE=12.04
DISTRIB_CODENAME=precise
DISTRIB_DESCRIPTION="Ubuntu 12.04.5 LTS"
"""
OPENWRT = "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='23.05.3'\n"
SLES = "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n"
OPENSUSE = "openSUSE 13.1 (x86_64)\nVERSION = 13.1\nCODENAME = Bottle\n"


def release_of(folder: Path, *files: NewFile) -> OsRelease | None:
    return scanned(folder, [layer(*files)]).os_release


@pytest.mark.parametrize(
    ("name", "content", "known", "version", "codename"),
    [
        ("etc/lsb-release", UBUNTU, "ubuntu", "12.04", "precise"),
        ("etc/openwrt_release", OPENWRT, "openwrt", "23.05.3", ""),
        ("etc/centos-release", "CentOS release 6.10 (Final)\n", "centos", "6.10", "final"),
        ("etc/centos-release", "CentOS Linux release 7.9.2009 (Core)", "centos", "7.9.2009",
         "core"),
        ("etc/centos-release", "CentOS Stream release 9", "centos", "9", ""),
        ("etc/redhat-release", "Red Hat Enterprise Linux Server release 6.10 (Santiago)",
         "rhel", "6.10", "santiago"),
        ("etc/system-release", "Amazon Linux AMI release 2018.03", "amzn", "2018.03", ""),
        ("etc/system-release", "Amazon Linux release 2 (Karoo)", "amzn", "2", "karoo"),
        ("etc/fedora-release", "Fedora release 20 (Heisenbug)", "fedora", "20", "heisenbug"),
        ("etc/oracle-release", "Oracle Linux Server release 6.10", "ol", "6.10", ""),
        ("etc/rocky-release", "Rocky Linux release 9.3 (Blue Onyx)", "rocky", "9.3", "blue onyx"),
        ("etc/almalinux-release", "AlmaLinux release 8.9 (Midnight Oncilla)", "almalinux", "8.9",
         "midnight oncilla"),
        ("etc/SuSE-release", SLES, "sles", "11.4", ""),
        ("etc/SuSE-release", OPENSUSE, "opensuse", "13.1", "bottle"),
        ("etc/alpine-release", "3.20.3\n", "alpine", "3.20.3", ""),
        ("etc/arch-release", "", "arch", "", ""),
        ("etc/gentoo-release", "Gentoo Base System release 2.14\n", "gentoo", "2.14", ""),
        ("etc/debian_version", "12.5\n", "debian", "12", ""),
        ("etc/debian_version", "trixie/sid\n", "debian", "", "trixie"),
    ],
)  # fmt: skip
def test_an_older_file_tells_the_distribution(
    name: str, content: str, known: str, version: str, codename: str
) -> None:
    found = parse_release(name.encode(), content.encode())
    assert (found.id, found.version_id, found.version_codename) == (known, version, codename)


@pytest.mark.parametrize("name", CANDIDATES)
@pytest.mark.parametrize(
    "content", [b"", b"\0\xff release \n", b" release ", b"=\n=", b"x" * 65_536]
)
def test_no_content_makes_a_reader_fail(name: bytes, content: bytes) -> None:
    assert isinstance(parse_release(name, content), OsRelease)


def test_os_release_is_preferred_to_older_files(tmp_path: Path) -> None:
    files = (file("etc/debian_version", "12.5"), file("etc/os-release", "ID=ubuntu\n"))
    release = release_of(tmp_path, *files)
    assert release is not None
    assert release.id == "ubuntu"


def test_an_os_release_without_an_id_gives_way_to_an_older_file(tmp_path: Path) -> None:
    files = (file("etc/os-release", "NAME=x\n"), file("etc/alpine-release", "3.2.1"))
    release = release_of(tmp_path, *files)
    assert release is not None
    assert (release.id, release.version_id) == ("alpine", "3.2.1")


def test_a_file_of_the_standard_base_without_a_name_is_passed_over(tmp_path: Path) -> None:
    files = (
        file("etc/lsb-release", "LSB_VERSION=base-4.0-amd64\n"),
        file("etc/centos-release", "CentOS release 6.10 (Final)\n"),
        symlink("etc/redhat-release", "centos-release"),
    )
    release = release_of(tmp_path, *files)
    assert release is not None
    assert release.id == "centos"


def test_a_distroless_image_is_told_by_its_file_below_usr(tmp_path: Path) -> None:
    files = (
        file("usr/lib/os-release", 'ID="debian"\nVERSION_ID="12"\n'),
        file("var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12.4\n"),
    )
    (package,) = scanned(tmp_path, [layer(*files)]).packages
    assert package.purl == "pkg:deb/debian/base-files@12.4?distro=debian-12"


def test_wolfi_is_the_namespace_of_its_packages(tmp_path: Path) -> None:
    files = (
        file("etc/os-release", "ID=wolfi\nVERSION_ID=20230201\n"),
        file("lib/apk/db/installed", apk_record("glibc", "2.39-r1")),
    )
    (package,) = scanned(tmp_path, [layer(*files)]).packages
    assert package.purl == "pkg:apk/wolfi/glibc@2.39-r1?arch=x86_64&distro=wolfi-20230201"


def test_busybox_alone_is_a_distribution_of_its_own(tmp_path: Path) -> None:
    release = release_of(tmp_path, file("bin/busybox", b"\x7fELF", mode=0o755))
    assert release is not None
    assert release.id == "busybox"


def test_busybox_beside_packages_says_nothing(tmp_path: Path) -> None:
    files = (
        file("bin/busybox", b"\x7fELF", mode=0o755),
        file("lib/apk/db/installed", apk_record("a", "1-r0")),
    )
    assert release_of(tmp_path, *files) is None


def test_an_empty_image_has_no_distribution_and_nothing_to_report(tmp_path: Path) -> None:
    facts = scanned(tmp_path, [layer(file("app", b"#!/app", mode=0o755))])
    assert facts.os_release is None
    assert facts.unreadable == ()


@pytest.mark.parametrize("release", ["", "NAME=only a name\n"])
def test_packages_of_an_unknown_distribution_are_listed_and_reported(
    tmp_path: Path, release: str
) -> None:
    layers = [
        layer(file("etc/os-release", release)),
        layer(file(STATUS, dpkg_record("a", "1"))),
    ]
    facts = scanned(tmp_path, layers)
    (package,) = facts.packages
    assert package.purl.startswith("pkg:deb/debian/a@1?arch=amd64")
    (unreadable,) = facts.unreadable
    assert (unreadable.path, unreadable.layer) == ("etc/os-release", 1)
    assert "no file tells which distribution" in unreadable.why


def test_red_hat_and_opensuse_are_named_by_their_vendor(tmp_path: Path) -> None:
    line = "a\t1-1\t1\t1\tv\t(none)\t1\tnoarch\t0\ta-1-1.src.rpm\n"
    manifest = file("var/lib/rpmmanifest/container-manifest-2", line)
    for known, namespace in (("rhel", "redhat"), ("opensuse-leap", "opensuse"), ("sles", "sles")):
        release = file("etc/os-release", f"ID={known}\nVERSION_ID=9.4\n")
        (package,) = scanned(tmp_path, [layer(release, manifest)]).packages
        assert package.namespace == namespace
        assert f"distro={known}-9.4" in package.purl


@pytest.mark.parametrize(
    ("vendor", "purl"),
    [
        ("Fedora Project", "pkg:rpm/fedora/a@1-1?arch=x86_64"),
        ("Red Hat, Inc. <http://bugzilla.redhat.com/bugzilla>", "pkg:rpm/redhat/a@1-1?arch=x86_64"),
        ("SUSE LLC <https://www.suse.com/>", "pkg:rpm/suse/a@1-1?arch=x86_64"),
        ("Amazon Linux", "pkg:rpm/amzn/a@1-1?arch=x86_64"),
        ("Rocky Enterprise Software Foundation", "pkg:rpm/rocky/a@1-1?arch=x86_64"),
        ("Google LLC", "pkg:rpm/a@1-1?arch=x86_64"),
        ("", "pkg:rpm/a@1-1?arch=x86_64"),
    ],
)
def test_an_rpm_package_of_an_unknown_distribution_is_known_by_its_vendor(
    vendor: str, purl: str
) -> None:
    place = Location("var/lib/rpm/rpmdb.sqlite", 0)
    package = Package("rpm", "a", "1-1", place, "rpm-db", arch="x86_64", maintainer=vendor)
    (found,) = described([Record(package)], None)
    assert found.purl == purl


def test_the_distribution_speaks_before_the_vendor() -> None:
    place = Location("var/lib/rpm/rpmdb.sqlite", 0)
    package = Package("rpm", "a", "1-1", place, "rpm-db", maintainer="Fedora Project")
    (found,) = described([Record(package)], OsRelease(id="azurelinux", version_id="3.0"))
    assert found.purl == "pkg:rpm/azurelinux/a@1-1?distro=azurelinux-3.0"


@pytest.mark.parametrize(("kind", "namespace"), [("apk", "alpine"), ("deb", "debian")])
def test_a_type_of_mostly_one_distribution_takes_its_name(kind: str, namespace: str) -> None:
    (found,) = described([Record(Package(kind, "a", "1", Location("x", 0), "db"))], None)
    assert found.purl == f"pkg:{kind}/{namespace}/a@1"
