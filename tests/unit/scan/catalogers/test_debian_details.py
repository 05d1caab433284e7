"""Licences from copyright files, and apt's mark of what nobody asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from cyclonedx.spdx import is_supported_id
from scanning import apk_record, dpkg_record, file, layer, scanned

from secure.facts.package import Package
from secure.scan.cataloger import FileView
from secure.scan.catalogers.dpkg_copyright import parse_copyright
from secure.scan.licence_names import _OTHERS, spdx_identifiers

DOC = "usr/share/doc/{}/copyright"
MACHINE = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2020 A
License: GPL-2+ or Artistic, and Expat

License: LGPL-2.1
 On Debian systems, see /usr/share/common-licenses/LGPL-2.1
 License: Zlib is only mentioned in this text.
"""


def packages(folder: Path, *files: tuple[str, str]) -> dict[str, Package]:
    status = dpkg_record("a", "1") + dpkg_record("b", "2")
    made = [file(name, content) for name, content in (("var/lib/dpkg/status", status), *files)]
    return {p.name: p for p in scanned(folder, [layer(*made)]).packages}


def test_licences_of_a_copyright_file_are_found(tmp_path: Path) -> None:
    found = packages(tmp_path, (DOC.format("a"), MACHINE), (DOC.format("nobody"), MACHINE))
    assert found["a"].licences_found == (
        "Artistic-1.0", "GPL-2.0-or-later", "LGPL-2.1-only", "MIT",
    )  # fmt: skip
    assert found["b"].licences_found == ()


def test_a_copyright_file_in_free_words_gives_only_what_is_beyond_doubt() -> None:
    content = b"See /usr/share/common-licenses/GPL-2, /usr/share/common-licenses/Apache-2.0.\n"
    (detail,) = parse_copyright(FileView(DOC.format("a").encode(), content))
    assert detail.licences_found == ("Apache-2.0",)


@pytest.mark.parametrize(
    ("synopsis", "expected"),
    [
        ("GPL-1+", ["GPL-1.0-or-later"]),
        ("GPL-2", ["GPL-2.0-only"]),
        ("GPLv3+", ["GPL-3.0-or-later"]),
        ("GPL-3+ with Autoconf exception", ["GPL-3.0-or-later"]),
        ("LGPL-3+ or GPL-2+", ["LGPL-3.0-or-later", "GPL-2.0-or-later"]),
        ("AGPL-3.0+", ["AGPL-3.0-or-later"]),
        ("GFDL-NIV-1.3+", ["GFDL-1.3-no-invariants-or-later"]),
        ("BSD-3-clause", ["BSD-3-Clause"]),
        ("CC0", ["CC0-1.0"]),
        ("ISC and Expat", ["ISC", "MIT"]),
        ("GPL", []),
        ("GPL-7", []),
        ("LGPL-1", []),
        ("MIT/X11", []),
        ("BSD", []),
        ("public-domain", []),
        ("", []),
    ],
)
def test_debian_names_become_identifiers_where_they_are_clear(
    synopsis: str, expected: list[str]
) -> None:
    assert list(spdx_identifiers(synopsis)) == expected


def test_every_identifier_is_on_the_list_of_spdx() -> None:
    names = [*_OTHERS, *(f"{kind}-{version}{end}" for kind, version in (
        ("gpl", 1), ("gpl", 2), ("gpl", 3), ("lgpl", 2), ("lgpl", 2.1), ("lgpl", 3), ("agpl", 3),
        ("gfdl", 1.1), ("gfdl", 1.2), ("gfdl", 1.3), ("gfdl-niv", 1.1), ("gfdl-niv", 1.3),
    ) for end in ("", "+"))]  # fmt: skip
    found = [one for name in names for one in spdx_identifiers(name)]
    assert len(found) == len(names)
    assert [one for one in found if not is_supported_id(one)] == []


def test_a_source_package_of_another_name_or_version_is_in_the_purl(tmp_path: Path) -> None:
    status = (
        dpkg_record("libc6", "2.36-9+b1", "Source: glibc (2.36-9)", "Essential: yes")
        + dpkg_record("libssl3", "3.0", "Source: openssl", "Homepage: https://example.org")
        + dpkg_record("same", "1")
    )
    apk = apk_record("musl-utils", "1-r0", "o:musl", "U:https://example.com")
    files = (file("var/lib/dpkg/status", status), file("lib/apk/db/installed", apk))
    found = {p.name: p for p in scanned(tmp_path, [layer(*files)]).packages}
    assert found["libc6"].purl.endswith("&upstream=glibc%402.36-9")
    assert found["libssl3"].purl.endswith("&upstream=openssl")
    assert found["musl-utils"].purl.endswith("&upstream=musl")
    assert "upstream" not in found["same"].purl
    assert [found[name].essential for name in ("libc6", "libssl3")] == [True, False]
    assert found["libssl3"].homepage == "https://example.org"
    assert found["musl-utils"].homepage == "https://example.com"


def test_apt_knows_what_nobody_asked_for(tmp_path: Path) -> None:
    states = "Package: a\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: b\nAuto-Installed: 0\n"
    found = packages(tmp_path, ("var/lib/apt/extended_states", states))
    assert (found["a"].automatic, found["b"].automatic) == (True, False)


def test_a_mark_of_another_architecture_is_of_another_package(tmp_path: Path) -> None:
    states = "Package: a\nArchitecture: i386\nAuto-Installed: 1\n"
    found = packages(tmp_path, ("var/lib/apt/extended_states", states))
    assert not found["a"].automatic
