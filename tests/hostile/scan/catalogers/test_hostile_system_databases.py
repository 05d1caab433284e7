"""Text databases made to cost much or to say what is not so."""

from __future__ import annotations

import time

import pytest

from secure.facts.image import Unreadable
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.catalogers.apt_states import APT_STATES
from secure.scan.catalogers.dpkg_copyright import DPKG_COPYRIGHT
from secure.scan.catalogers.flatpak import FLATPAK
from secure.scan.catalogers.nix_store import NIX_STORE
from secure.scan.catalogers.opkg import OPKG
from secure.scan.catalogers.pacman import PACMAN
from secure.scan.catalogers.portage import PORTAGE
from secure.scan.catalogers.rpm_manifest import RPM_MANIFEST
from secure.scan.catalogers.snap import SNAP
from secure.scan.layer_facts import Detail, Record

MIB = 1 << 20
STATUS = "usr/lib/opkg/status"
FLAT = "var/lib/flatpak/app/a/x/s/1/metadata"
DOC = "usr/share/doc/a/copyright"


@pytest.mark.parametrize(
    ("cataloger", "name", "content"),
    [
        (PACMAN, "var/lib/pacman/local/a/desc", b"%NAME%\n" * MIB),
        (PACMAN, "var/lib/pacman/local/a/desc", b"%" * 4 * MIB),
        (OPKG, STATUS, b"Package: a\nVersion: 1\nDepends: " + b"a|" * MIB),
        (OPKG, STATUS, b"Package: a\n\n" * (MIB // 4)),
        (PORTAGE, "var/db/pkg/c/" + "a-1" * 1_300 + "/PF", b"a-1\n"),
        (PORTAGE, "var/db/pkg/c/a-" + "1." * 2_000 + "/PF", b"a-1\n"),
        (PORTAGE, "var/db/pkg/c/a-1/CONTENTS", b"obj " * MIB),
        (SNAP, "meta/snap.yaml", b"[" * MIB),
        (SNAP, "meta/snap.yaml", b"a: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]\n"),
        (FLATPAK, FLAT, b"[Application]\n" + b"=" * 4 * MIB),
        (RPM_MANIFEST, "m", b"\t" * 4 * MIB),
        (APT_STATES, "s", b"Auto-Installed: 1\n\n" * (MIB // 8)),
        (DPKG_COPYRIGHT, DOC, b"Format: x\n" + b"License:" * MIB),
        (DPKG_COPYRIGHT, DOC, b"Format: x\nLicense: " + b"GPL-2 or " * MIB),
        (DPKG_COPYRIGHT, DOC, b"Format: x\n" + b"License: a or gpl-2+\n" * (MIB // 4)),
        (NIX_STORE, "nix/store/" + "0" * 32 + "-" + "a-" * 2_000, b""),
        (NIX_STORE, "nix/store/" + "0" * 32 + "-" + "a-1" * 1_300 + "-bin" * 10, b""),
    ],
)
def test_the_time_is_bounded_and_nothing_fails(
    cataloger: Cataloger, name: str, content: bytes
) -> None:
    started = time.monotonic()
    for item in cataloger.parse(FileView(name.encode(), content)):
        assert not isinstance(item, Record) or (item.package.name and item.package.version)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("cataloger", "name", "content"),
    [
        (PACMAN, "var/lib/pacman/local/a/desc", b"%NAME%\na\nb\n\n%VERSION%\n1\n"),
        (OPKG, STATUS, b"Package: a\nVersion: 1\n\xff: \xfe\n"),
        (RPM_MANIFEST, "m", b"a\xff\t1\t\t\t\t\t\t\t\ta-1-1.src.rpm"),
    ],
)
def test_odd_bytes_leave_a_record_readable(cataloger: Cataloger, name: str, content: bytes) -> None:
    (found,) = cataloger.parse(FileView(name.encode(), content))
    assert isinstance(found, Record)
    assert found.package.name.startswith("a")


def test_states_without_a_name_are_reported_with_their_number() -> None:
    found = list(APT_STATES.parse(FileView(b"s", b"Package: a\nAuto-Installed: 1\n\nX: y\n")))
    assert [type(item) for item in found] == [Detail, Unreadable]
    assert "record 2" in str(found[1])
