"""Each distribution by the os-release of its images: compared, or listed with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from built_databases import advisory, package, ranged
from matched_packages import matched

from secure.scan.os_release import parse_os_release
from secure.vulns.releases import release_of

# As the images have them, but for lines that name nothing.
TEXTS = {
    "alpine 3.20": 'ID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"',
    "alpine 3.99": 'ID=alpine\nVERSION_ID=3.99.0\nPRETTY_NAME="Alpine Linux v3.99"',
    "alpine edge": (
        'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.21.0_alpha20240923\n'
        'PRETTY_NAME="Alpine Linux edge"'
    ),
    "debian 12": (
        'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n'
        'VERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian'
    ),
    "debian testing": (
        'PRETTY_NAME="Debian GNU/Linux forky/sid"\nNAME="Debian GNU/Linux"\n'
        "VERSION_CODENAME=forky\nID=debian"
    ),
    "ubuntu 22.04": (
        'PRETTY_NAME="Ubuntu 22.04.4 LTS"\nNAME="Ubuntu"\nVERSION_ID="22.04"\n'
        'VERSION="22.04.4 LTS (Jammy Jellyfish)"\nVERSION_CODENAME=jammy\nID=ubuntu\nID_LIKE=debian'
    ),
    "ubuntu 23.10": (
        'PRETTY_NAME="Ubuntu 23.10"\nNAME="Ubuntu"\nVERSION_ID="23.10"\n'
        'VERSION="23.10 (Mantic Minotaur)"\nVERSION_CODENAME=mantic\nID=ubuntu\nID_LIKE=debian'
    ),
    "wolfi": 'ID=wolfi\nNAME="Wolfi"\nPRETTY_NAME="Wolfi"\nVERSION_ID="20230201"',
    "chainguard": 'ID=chainguard\nPRETTY_NAME="Chainguard"\nVERSION_ID="20230214"',
    "rhel 9": (
        'NAME="Red Hat Enterprise Linux"\nVERSION="9.4 (Plow)"\nID="rhel"\nID_LIKE="fedora"\n'
        'VERSION_ID="9.4"\nPLATFORM_ID="platform:el9"'
    ),
    "centos stream 9": (
        'NAME="CentOS Stream"\nVERSION="9"\nID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="9"\n'
        'PRETTY_NAME="CentOS Stream 9"'
    ),
    "almalinux 9": (
        'NAME="AlmaLinux"\nVERSION="9.3 (Shamrock Pampas Cat)"\nID="almalinux"\n'
        'ID_LIKE="rhel centos fedora"\nVERSION_ID="9.3"'
    ),
    "rocky 9": (
        'NAME="Rocky Linux"\nVERSION="9.3 (Blue Onyx)"\nID="rocky"\nID_LIKE="rhel centos fedora"\n'
        'VERSION_ID="9.3"'
    ),
    "oracle 8": (
        'NAME="Oracle Linux Server"\nVERSION="8.9"\nID="ol"\nID_LIKE="fedora"\nVARIANT="Server"\n'
        'VERSION_ID="8.9"'
    ),
    "fedora 40": (
        'NAME="Fedora Linux"\nVERSION="40 (Container Image)"\nID=fedora\nVERSION_ID=40\n'
        'PRETTY_NAME="Fedora Linux 40 (Container Image)"'
    ),
    "fedora rawhide": (
        'NAME="Fedora Linux"\nVERSION="41 (Container Image Prerelease)"\nID=fedora\nVERSION_ID=41'
    ),
    "amazon 2": (
        'NAME="Amazon Linux"\nVERSION="2"\nID="amzn"\nID_LIKE="centos rhel fedora"\nVERSION_ID="2"'
    ),
    "azure 3": 'NAME="Microsoft Azure Linux"\nID=azurelinux\nVERSION_ID="3.0"',
    "sles 15.5": (
        'NAME="SLES"\nVERSION="15-SP5"\nVERSION_ID="15.5"\n'
        'PRETTY_NAME="SUSE Linux Enterprise Server 15 SP5"\nID="sles"\nID_LIKE="suse"'
    ),
    "leap 15.5": (
        'NAME="openSUSE Leap"\nVERSION="15.5"\nID="opensuse-leap"\nID_LIKE="suse opensuse"\n'
        'VERSION_ID="15.5"'
    ),
    "tumbleweed": (
        'NAME="openSUSE Tumbleweed"\nID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n'
        'VERSION_ID="20240723"'
    ),
    "arch": 'NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling\nVERSION_ID=20240101',
    "gentoo": 'NAME=Gentoo\nID=gentoo\nPRETTY_NAME="Gentoo Linux"\nVERSION_ID="2.15"',
    "photon 5": 'NAME="VMware Photon OS"\nVERSION="5.0"\nID=photon\nVERSION_ID=5.0',
    "openeuler": (
        'NAME="openEuler"\nVERSION="22.03 (LTS-SP3)"\nID="openEuler"\nVERSION_ID="22.03"\n'
        'PRETTY_NAME="openEuler 22.03 (LTS-SP3)"'
    ),
    "kali": 'PRETTY_NAME="Kali GNU/Linux Rolling"\nID=kali\nVERSION_ID="2024.1"\nID_LIKE=debian',
    "raspbian": 'PRETTY_NAME="Raspbian GNU/Linux 11 (bullseye)"\nVERSION_ID="11"\nID=raspbian',
    "void": 'NAME="Void"\nID="void"\nPRETTY_NAME="Void Linux"',
    "nixos": 'ID=nixos\nNAME=NixOS\nVERSION_ID="24.05"\nVERSION_CODENAME=uakari',
}  # fmt: skip
KINDS = {
    "alpine": "apk", "debian": "deb", "ubuntu": "deb", "wolfi": "apk", "chainguard": "apk",
    "kali": "deb", "raspbian": "deb", "arch": "alpm", "gentoo": "portage",
}  # fmt: skip

# What an almost complete database could have: for each family one release at least.
KNOWN = {
    "Alpine:edge": "alpine edge", "Alpine:v3.20": "alpine 3.20", "Debian:12": "debian 12",
    "Ubuntu:22.04:LTS": "ubuntu 22.04", "Wolfi": "wolfi", "Chainguard": "chainguard",
    "Red Hat:enterprise_linux:9::baseos": "rhel 9", "AlmaLinux:9": "almalinux 9",
    "Rocky Linux:9": "rocky 9", "Oracle Linux:8": "oracle 8", "Fedora:40": "fedora 40",
    "Amazon Linux:2": "amazon 2", "Azure Linux:3": "azure 3", "Gentoo": "gentoo",
    "SUSE:Linux Enterprise Server 15 SP5": "sles 15.5", "openSUSE:Leap 15.5": "leap 15.5",
    "openSUSE:Tumbleweed": "tumbleweed", "Arch Linux": "arch", "Photon OS:5.0": "photon 5",
    "openEuler:22.03-LTS-SP3": "openeuler",
}  # fmt: skip


@pytest.mark.parametrize(("ecosystem", "text"), KNOWN.items())
def test_a_release_that_the_database_knows_is_compared(ecosystem: str, text: str) -> None:
    release = release_of(parse_os_release(TEXTS[text].encode()), frozenset(KNOWN))
    assert (release.ecosystems, release.why) == ((ecosystem,), "")


@pytest.mark.parametrize("text", TEXTS)
def test_a_release_that_the_database_does_not_know_is_listed_with_its_packages(
    tmp_path: Path, text: str
) -> None:
    """The database has another release of each family, so that nothing matches by accident."""
    others = ("Alpine:v3.2", "Debian:1", "Ubuntu:23.04", "Fedora:4", "Oracle Linux:88", "npm")
    one = advisory("CVE-1-1", *(ranged(other, "zlib", "introduced 0") for other in others))
    installed = package(KINDS.get(text.split(maxsplit=1)[0], "rpm"), "zlib", "1.2.11-1")
    result = matched(
        tmp_path, [installed], one, system=parse_os_release(TEXTS[text].encode())
    )  # fmt: skip
    assert result.vulnerabilities == ()
    (told,) = result.uncovered
    assert told.packages == ("zlib 1.2.11-1",)
    assert told.ecosystem
    assert told.why.startswith(
        ("the database has no advisories for ", "no advisories of ", "testing and unstable have ",
         "CentOS Stream is ahead")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "ecosystem"),
    [("gem", "RubyGems"), ("nuget", "NuGet"), ("hex", "Hex"), ("pub", "Pub"), ("conda", "conda"),
     ("cran", "CRAN"), ("swift", "SwiftURL"), ("generic", "generic")],
)  # fmt: skip
def test_a_registry_without_a_feed_is_listed_with_its_packages(
    tmp_path: Path, kind: str, ecosystem: str
) -> None:
    one = advisory("CVE-1-1", ranged("npm", "zlib", "introduced 0"))
    (told,) = matched(tmp_path, [package(kind, "zlib", "1.0.0")], one).uncovered
    assert (told.ecosystem, told.packages) == (ecosystem, ("zlib 1.0.0",))
    assert "no advisories for" in told.why


def test_a_package_of_another_kind_than_its_distribution_s_is_not_compared(
    tmp_path: Path,
) -> None:
    one = advisory("CVE-1-1", ranged("Debian:12", "zlib", "introduced 0 fixed 9"))
    result = matched(tmp_path, [package("rpm", "zlib", "1.2.11-1")], one)
    assert result.vulnerabilities == ()
    (told,) = result.uncovered
    assert told.why == 'packages of type "rpm" are not of Debian:12'
