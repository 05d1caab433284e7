"""Which form a file of advisories has: its name tells."""

from __future__ import annotations

import bz2
import gzip
from hashlib import sha256
from pathlib import Path

import pytest

from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.native import feed_of, is_native
from secure.vulns.osv import Advisory

_GROUP = b'[{"name":"AVG-1","packages":["a"],"status":"Fixed","fixed":"1-1"}]'
_UPDATES = (
    b'<updates><update type="security"><id>ALAS2-2021-1</id><issued date="2021-08-13 17:31"/>'
    b'<pkglist><collection><package name="a" version="1" release="2" arch="x86_64"/>'
    b"</collection></pkglist></update></updates>"
)
_OVAL = b"""<oval_definitions><definitions>
<definition id="oval:com.microsoft.azurelinux:def:1">
<metadata><advisory_date>2026-01-20T21:31:32Z</advisory_date></metadata>
<criteria><criterion test_ref="t"/></criteria></definition></definitions>
<tests><rpminfo_test id="t"><object object_ref="o"/><state state_ref="s"/></rpminfo_test></tests>
<objects><rpminfo_object id="o"><name>a</name></rpminfo_object></objects>
<states><rpminfo_state id="s"><evr operation="less than">0:1-1.azl3</evr></rpminfo_state></states>
</oval_definitions>"""
_LIST = b"[29 Jan 2022] DSA-5059-1 policykit-1 - security update\n\t[buster] - policykit-1 1\n"
_OSV = b'{"id": "A-1", "modified": "2024-01-01T00:00:00Z"}'


@pytest.mark.parametrize(
    ("name", "giver", "content"),
    [
        ("arch-all.json", "arch", _GROUP),
        ("abc123-updateinfo.xml.gz", "updateinfo", gzip.compress(_UPDATES)),
        ("updateinfo.xml", "updateinfo", _UPDATES),
        ("azurelinux-3.0-oval.xml", "oval", _OVAL),
        ("com.oracle.elsa-all.xml.bz2", "oval", bz2.compress(_OVAL)),
        ("DSA-list", "debian", _LIST),
        ("DLA-list.txt", "debian", _LIST),
        ("search-result.json", "osv", _OSV),
        ("DSA-listing.json", "osv", _OSV),
    ],
)
def test_the_name_of_a_file_tells_its_form(
    tmp_path: Path, name: str, giver: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    feed = feed_of(str(tmp_path / name), DEFAULT_LIMITS)
    assert feed.name == f"{giver}/{name}"
    assert is_native(name) == (giver != "osv")
    assert [type(one) for one in feed.entries] == [Advisory]
    assert feed.content.sha256 == sha256(content).hexdigest()
