"""Which distribution the packages of an image belong to, and how their purls name it."""

from __future__ import annotations

from collections.abc import Iterable

from secure.facts.files import OsRelease
from secure.facts.image import Unreadable
from secure.facts.package import Package

BUSYBOX = b"bin/busybox"

# Types whose packages mean nothing without their distribution, and the namespace they are known by
# where no file tells it; "" where several distributions use the type.
_USUAL_NAMESPACE = {"deb": "debian", "apk": "alpine", "alpm": "arch", "rpm": "", "opkg": ""}
# purl-spec names the vendor, os-release the product.
_NAMESPACE = {"rhel": "redhat", "opensuse-leap": "opensuse", "opensuse-tumbleweed": "opensuse"}


# How rpm packages name their vendor (tag 1011): what is left where no file names the distribution.
# Without either the package has no namespace, as nothing tells one.
_VENDORS = {
    "almalinux": "almalinux", "amazon": "amzn", "centos": "centos", "fedora project": "fedora",
    "microsoft corporation": "microsoft", "opensuse": "opensuse", "oracle america": "ol",
    "red hat, inc.": "redhat", "rocky": "rocky", "suse llc": "suse",
}  # fmt: skip


def chosen(
    releases: Iterable[OsRelease], packages: Iterable[Package], *, busybox: bool
) -> OsRelease | None:
    """The first that names a distribution; os-release(5) lets a file leave it out.

    Args:
        busybox: a program of that name is there. An image that is built around it alone has
            neither a file that names a distribution nor a package database.
    """
    found = list(releases)
    named = next((release for release in found if release.id), None)
    if named is None and busybox and not any(p.type in _USUAL_NAMESPACE for p in packages):
        return OsRelease(id="busybox", name="BusyBox")
    return named or next(iter(found), None)


def purl_parts(package: Package, release: OsRelease | None) -> tuple[str, dict[str, str]]:
    """Namespace and qualifiers that come from the distribution."""
    if package.type not in _USUAL_NAMESPACE:
        return package.namespace, {}
    known = release.id if release else ""
    namespace = _NAMESPACE.get(known, known) or _USUAL_NAMESPACE[package.type] or _vendor(package)
    version = release.version_id or release.version_codename if release else ""
    distro = (known or _USUAL_NAMESPACE[package.type]) if release else ""
    return namespace, {
        "arch": package.arch,
        "distro": f"{distro}-{version}" if distro and version else distro,
    }


def _vendor(package: Package) -> str:
    if package.type != "rpm":
        return ""
    told = package.maintainer.lower()
    return next((name for start, name in _VENDORS.items() if told.startswith(start)), "")


def not_told(packages: Iterable[Package], release: OsRelease | None) -> Iterable[Unreadable]:
    """What is missing where packages of a distribution are there and no file says of which."""
    if release is not None and release.id:
        return
    first = next((p for p in packages if p.type in _USUAL_NAMESPACE), None)
    if first is not None:
        yield Unreadable(
            "etc/os-release",
            first.location.layer,
            f"no file tells which distribution the packages in {first.location.path} belong to; "
            "advisories of a distribution cannot be matched",
        )
