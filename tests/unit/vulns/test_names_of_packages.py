"""What the database is asked about a package of an image."""

from __future__ import annotations

import msgspec
import pytest

from secure.facts.files import OsRelease
from secure.facts.location import Location
from secure.facts.package import Package
from secure.vulns.names import Asked, NotAsked, is_kernel_headers, questions
from secure.vulns.releases import release_of
from secure.vulns.spelling import usual

KNOWN = frozenset({
    "AlmaLinux:8", "AlmaLinux:9", "Alpine:edge", "Alpine:v3.20", "Amazon Linux:1",
    "Amazon Linux:2023", "Arch Linux", "Azure Linux:2", "Azure Linux:3", "Chainguard", "Debian:1",
    "Debian:11", "Debian:12", "Debian:13", "Fedora:40", "Go", "Maven", "NuGet", "Oracle Linux:8",
    "Packagist", "PyPI", "Red Hat:enterprise_linux:8::baseos",
    "Red Hat:enterprise_linux:9::appstream", "Red Hat:enterprise_linux:9::baseos", "Rocky Linux:9",
    "SUSE:Linux Enterprise Module for Basesystem 15 SP5", "SUSE:Linux Enterprise Server 15",
    "SUSE:Linux Enterprise Server 15 SP5", "Ubuntu:22.04:LTS", "Ubuntu:23.10",
    "Ubuntu:Pro:16.04:LTS", "Ubuntu:Pro:22.04:LTS", "Wolfi", "crates.io", "npm",
    "openSUSE:Leap 15.5",
})  # fmt: skip


def package(kind: str, name: str, version: str, **more: str) -> Package:
    made = Package(kind, name, version, Location("db", 0), "test")
    return msgspec.structs.replace(made, **more)


SID = OsRelease(
    id="debian", version_codename="forky", pretty_name="Debian GNU/Linux forky/sid"
)  # fmt: skip


def ecosystems(system: OsRelease) -> tuple[str, ...]:
    return release_of(system, KNOWN).ecosystems


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        (OsRelease(id="debian", version_id="12"), "Debian:12"),
        (OsRelease(id="debian", version_codename="bookworm"), "Debian:12"),
        (OsRelease(id="ubuntu", version_id="22.04"), "Ubuntu:22.04:LTS"),
        (OsRelease(id="ubuntu", version_id="23.10"), "Ubuntu:23.10"),
        (OsRelease(id="alpine", version_id="3.20.3"), "Alpine:v3.20"),
        (OsRelease(id="alpine", version_id="3.21.0_alpha20240923"), "Alpine:edge"),
        (OsRelease(id="wolfi", version_id="20230201"), "Wolfi"),
        (OsRelease(id="chainguard", version_id="20230214"), "Chainguard"),
        (OsRelease(id="almalinux", version_id="9.3"), "AlmaLinux:9"),
        (OsRelease(id="rocky", version_id="9.3"), "Rocky Linux:9"),
        (OsRelease(id="ol", version_id="8.9"), "Oracle Linux:8"),
        (OsRelease(id="amzn", version_id="2023"), "Amazon Linux:2023"),
        (OsRelease(id="amzn", version_id="2018.03"), "Amazon Linux:1"),
        (OsRelease(id="fedora", version_id="40"), "Fedora:40"),
        (OsRelease(id="arch"), "Arch Linux"),
        (OsRelease(id="mariner", version_id="2.0"), "Azure Linux:2"),
        (OsRelease(id="azurelinux", version_id="3.0"), "Azure Linux:3"),
        (OsRelease(id="opensuse-leap", version_id="15.5"), "openSUSE:Leap 15.5"),
        (OsRelease(id="centos", version_id="8", name="CentOS Linux"),
         "Red Hat:enterprise_linux:8::baseos"),
    ],
)  # fmt: skip
def test_a_release_is_named_as_advisories_name_it(system: OsRelease, expected: str) -> None:
    assert ecosystems(system) == (expected,)


def test_all_repositories_of_a_release_count_and_none_of_another() -> None:
    assert ecosystems(OsRelease(id="rhel", version_id="9.4")) == (
        "Red Hat:enterprise_linux:9::appstream", "Red Hat:enterprise_linux:9::baseos",
    )  # fmt: skip
    assert ecosystems(OsRelease(id="sles", version_id="15.5")) == (
        "SUSE:Linux Enterprise Module for Basesystem 15 SP5",
        "SUSE:Linux Enterprise Server 15 SP5",
    )
    assert ecosystems(OsRelease(id="sles", version_id="15")) == ("SUSE:Linux Enterprise Server 15",)


@pytest.mark.parametrize(
    ("system", "why"),
    [
        (None, "no file tells"),
        (SID, "testing and unstable"),
        (OsRelease(id="debian", version_id="9"), "no advisories for Debian:9"),
        (OsRelease(id="alpine", version_id="3.2"), "no advisories for Alpine:v3.2"),
        (OsRelease(id="centos", version_id="9", name="CentOS Stream"), "ahead of the versions"),
        (OsRelease(id="slackware", version_id="15"), 'no advisories of "slackware"'),
        (OsRelease(id="\x1b[31m"), "\\x1b"),
    ],
)  # fmt: skip
def test_a_release_without_advisories_says_why(system: OsRelease | None, why: str) -> None:
    release = release_of(system, KNOWN)
    assert release.ecosystems == ()
    assert why in release.why


@pytest.mark.parametrize(
    ("kind", "name", "namespace", "version", "expected"),
    [
        ("pypi", "Zope.Interface__x", "", "5.0", ("PyPI", "zope-interface-x", "5.0")),
        ("npm", "node", "@types", "18.0.0", ("npm", "@types/node", "18.0.0")),
        ("maven", "log4j-core", "org.apache.logging.log4j", "2.14.1",
         ("Maven", "org.apache.logging.log4j:log4j-core", "2.14.1")),
        ("golang", "net", "golang.org/x", "v0.17.0", ("Go", "golang.org/x/net", "0.17.0")),
        ("golang", "stdlib", "", "1.21.0", ("Go", "stdlib", "1.21.0")),
        ("composer", "Twig", "Twig", "1.0", ("Packagist", "twig/twig", "1.0")),
        ("nuget", "Newtonsoft.Json", "", "9.0.1", ("NuGet", "newtonsoft.json", "9.0.1")),
        ("cargo", "openssl", "", "0.9.0", ("crates.io", "openssl", "0.9.0")),
    ],
)  # fmt: skip
def test_a_package_is_asked_for_as_its_registry_spells_it(
    kind: str, name: str, namespace: str, version: str, expected: tuple[str, str, str]
) -> None:
    asked = questions(
        package(kind, name, version, namespace=namespace), release_of(None, KNOWN), KNOWN
    )
    assert asked == [Asked(*expected)]


def system_questions(found: Package, **system: str) -> list[tuple[str, str, str, bool]]:
    release = release_of(msgspec.convert(system, OsRelease), KNOWN)
    asked = questions(found, release, KNOWN)
    assert not isinstance(asked, NotAsked)
    return [(one.ecosystem, one.name, one.version, one.epoch_known) for one in asked]


def test_a_debian_binary_is_compared_as_its_source_with_the_version_of_the_source() -> None:
    # A binary rebuild (+b1) and an epoch of the binary alone are no versions of the source.
    found = package(
        "deb", "libgcc-s1", "1:12.2.0-14+b1", source="gcc-12", source_version="12.2.0-14"
    )
    assert system_questions(found, id="debian", version_id="12") == [
        ("Debian:12", "gcc-12", "12.2.0-14", True)
    ]


def test_an_alpine_package_is_asked_for_by_origin_and_by_name() -> None:
    found = package("apk", "libssl3", "3.3.2-r0", source="openssl")
    assert [one[1] for one in system_questions(found, id="alpine", version_id="3.20.3")] == [
        "openssl", "libssl3",
    ]  # fmt: skip


def test_perl_errno_is_never_compared_with_the_epoch_of_perl() -> None:
    found = package(
        "rpm", "perl-Errno", "1.28-416.el8", source="perl", source_version="5.26.3-416.el8"
    )
    assert system_questions(found, id="almalinux", version_id="8.5") == [
        ("AlmaLinux:8", "perl-Errno", "1.28-416.el8", True)
    ]
    # Where advisories name sources, the epoch of the source is not known.
    assert ("Azure Linux:3", "perl", "5.26.3-416.el8", False) in system_questions(
        found, id="azurelinux", version_id="3.0"
    )


def test_a_package_of_suse_is_asked_for_by_its_own_name_and_by_its_source() -> None:
    found = package(
        "rpm", "libz1", "1.2.13-150500.4.3.1", source="zlib", source_version="1.2.13-150500.4.3.1"
    )
    asked = system_questions(found, id="opensuse-leap", version_id="15.5")
    assert [one[:2] for one in asked] == [
        ("openSUSE:Leap 15.5", "libz1"), ("openSUSE:Leap 15.5", "zlib"),
    ]  # fmt: skip


def test_an_epoch_of_an_rpm_package_is_part_of_its_version() -> None:
    found = package("rpm", "bind-libs", "9.16.23-11.el9", epoch="32", source="bind")
    assert system_questions(found, id="rocky", version_id="9.3") == [
        ("Rocky Linux:9", "bind-libs", "32:9.16.23-11.el9", True)
    ]


def test_a_package_of_ubuntu_pro_is_held_against_the_advisories_of_pro() -> None:
    found = package("deb", "vim", "2:8.2.3995-1ubuntu2.1+esm1", source="vim")
    assert system_questions(found, id="ubuntu", version_id="22.04")[0][0] == "Ubuntu:Pro:22.04:LTS"
    plain = package("deb", "vim", "2:8.2.3995-1ubuntu2.1", source="vim")
    assert system_questions(plain, id="ubuntu", version_id="22.04")[0][0] == "Ubuntu:22.04:LTS"
    # Of a release that ended, only Pro has advisories.
    assert system_questions(plain, id="ubuntu", version_id="16.04")[0][0] == "Ubuntu:Pro:16.04:LTS"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (package("conda", "numpy", "1.0"), "no advisories for packages of type"),
        (package("gem", "rails", "7.0"), "the database has no advisories for RubyGems"),
        (package("golang", "app", "(devel)", namespace="example.com"), "is no released version"),
        (package("pypi", "pip", ""), "no version is known"),
        (package("deb", "vim", "2.0"), "no file tells which distribution"),
    ],
)
def test_a_package_that_cannot_be_looked_up_says_why(found: Package, why: str) -> None:
    asked = questions(found, release_of(None, KNOWN), KNOWN)
    assert isinstance(asked, NotAsked)
    assert why in asked.why


@pytest.mark.parametrize(
    ("kind", "name", "headers"),
    [
        ("deb", "linux-libc-dev", True), ("deb", "linux-libc-dev-arm64-cross", True),
        ("deb", "linux-headers-6.1.0-18-amd64", True),
        ("deb", "linux-aws-headers-5.15.0-1051", True), ("apk", "linux-headers", True),
        ("rpm", "kernel-headers", True), ("rpm", "kernel-uek-headers", True),
        ("rpm", "linux-glibc-devel", True), ("alpm", "linux-api-headers", True),
        ("deb", "linux-image-6.1.0-18-amd64", False), ("rpm", "kernel-core", False),
        ("deb", "linux-libc", False), ("npm", "linux-headers", False),
    ],
)  # fmt: skip
def test_kernel_headers_are_known_as_such(kind: str, name: str, headers: bool) -> None:
    assert is_kernel_headers(package(kind, name, "6.1")) is headers


def test_names_have_one_spelling_on_both_sides() -> None:
    assert usual("PyPI", "Flask_SQLAlchemy..x") == "flask-sqlalchemy-x"
    assert usual("Debian:12", "libX11") == "libX11"
