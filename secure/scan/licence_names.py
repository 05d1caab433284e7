"""Licence names of Debian's copyright files as SPDX identifiers, where there is no doubt.

Sources: Debian policy, "Machine-readable debian/copyright file" 1.0, "License specification";
the SPDX licence list 3.25. A name that several licences go by ("MIT/X11", "BSD", "LGPL") is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_GNU = re.compile(
    r"(gpl|lgpl|agpl|gfdl|gfdl-niv)[- ]?v?([0-9](?:\.[0-9])?)(?:\.0)?"
    r"(\+| or later|-or-later|-only)?"
)
# GNU licences by their SPDX names; a version that never was is no licence.
_GNU_VERSIONS = {
    "gpl": {"1", "2", "3"},
    "lgpl": {"2", "2.1", "3"},
    "agpl": {"3"},
    "gfdl": {"1.1", "1.2", "1.3"},
    "gfdl-niv": {"1.1", "1.2", "1.3"},
}
_GFDL = {"gfdl": "GFDL-{}", "gfdl-niv": "GFDL-{}-no-invariants"}
_SAME_NAME = (
    "0BSD Apache-1.0 Apache-1.1 Apache-2.0 Artistic-1.0 Artistic-2.0 Beerware BSD-2-Clause "
    "BSD-3-Clause BSD-4-Clause BSD-4-Clause-UC BSL-1.0 bzip2-1.0.6 CC-BY-3.0 CC-BY-4.0 "
    "CC-BY-SA-3.0 CC-BY-SA-4.0 CC0-1.0 CDDL-1.0 CECILL-2.1 CPL-1.0 curl EPL-1.0 EPL-2.0 FSFAP "
    "FSFUL FSFULLR FTL HPND ICU IJG ISC Kazlib Latex2e libtiff LPPL-1.3c MIT MIT-CMU MIT-0 "
    "MPL-1.0 MPL-1.1 MPL-2.0 MS-PL NCSA OFL-1.1 OLDAP-2.8 OpenSSL PHP-3.01 PostgreSQL PSF-2.0 "
    "Python-2.0 QPL-1.0 RSA-MD Ruby SISSL Sleepycat TCL Unicode-DFS-2016 Unlicense Vim W3C "
    "WTFPL X11 Xnet Zlib ZPL-2.1"
)
_OTHERS = {name.lower(): name for name in _SAME_NAME.split()} | {
    "apache-2": "Apache-2.0",
    "artistic": "Artistic-1.0",  # the specification's own name for it
    "artistic-2": "Artistic-2.0",
    "cc0": "CC0-1.0",
    "expat": "MIT",
    "mpl-1": "MPL-1.0",
    "openldap-2.8": "OLDAP-2.8",
    "psf-2": "PSF-2.0",
}
_SEPARATOR = re.compile(r",|\bor\b|\band\b")
_EXCEPTION = re.compile(r"\s+with\s.*")


def spdx_identifiers(synopsis: str) -> Iterator[str]:
    """The identifiers in the first line of a License field: "GPL-2+ or Artistic, and Expat".

    An exception ("with OpenSSL exception") only grants more, so the licence is told without it.
    """
    for part in _SEPARATOR.split(synopsis.lower()):
        name = _EXCEPTION.sub("", part.strip())
        if found := _OTHERS.get(name) or _gnu(name):
            yield found


def _gnu(name: str) -> str:
    match = _GNU.fullmatch(name)
    if match is None or match[2].removesuffix(".0") not in _GNU_VERSIONS[match[1]]:
        return ""
    kind, version, later = match.groups()
    if kind not in _GFDL:
        version = version if "." in version else f"{version}.0"
    end = "only" if later in {None, "-only"} else "or-later"
    return _GFDL.get(kind, kind.upper() + "-{}").format(version) + "-" + end
