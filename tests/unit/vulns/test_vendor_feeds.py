"""Feeds of vendors in their own forms, by samples in the likeness of real ones."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.feeds import arch_tracker, updateinfo
from secure.vulns.osv import Advisory, Affected, Refused
from secure.vulns.ranges import judge

_DAY = "2026-08-22T00:00:00Z"
_NATIVE = "manifests/trivy-db-native-feeds-testdata.zip"

_ALAS = b"""<?xml version="1.0" ?>
<updates>
 <update author="linux-security@amazon.com" from="linux-security@amazon.com" status="final"
   type="security" version="1.4">
  <id>ALAS2023-2023-069</id>
  <title>Amazon Linux 2023 - ALAS2023-2023-069: important priority package update for vim</title>
  <issued date="2023-02-17T20:41Z" /><updated date="2023-02-22T23:22Z" />
  <severity>important</severity>
  <description>Package updates are available for Amazon Linux 2023.</description>
  <references>
   <reference href="https://cve.mitre.org/cgi-bin/cvename.cgi?name=CVE-2022-2257"
     id="CVE-2022-2257" title="" type="cve" />
   <reference href="javascript:alert(1)" id="CVE-2022-2264" type="cve" />
  </references>
  <pkglist><collection short="amazon-linux-2023---core"><name>Amazon Linux 2023</name>
   <package arch="aarch64" epoch="2" name="vim-minimal" release="1.amzn2023.0.2"
     version="9.0.475"><filename>Packages/vim-minimal.aarch64.rpm</filename></package>
   <package arch="x86_64" epoch="2" name="vim-minimal" release="1.amzn2023.0.2"
     version="9.0.475"><filename>Packages/vim-minimal.x86_64.rpm</filename></package>
   <package arch="noarch" epoch="0" name="vim-data" release="1.amzn2023.0.2" version="9.0.475" />
   <package arch="src" epoch="2" name="vim" release="1.amzn2023.0.2" version="9.0.475" />
  </collection></pkglist>
 </update>
 <update type="bugfix"><id>ALAS2023-2023-070</id></update>
</updates>
"""

_FEDORA = b"""<updates><update from="updates@fedoraproject.org" status="stable" type="security">
<id>FEDORA-2024-0c9d1e2f3a</id><title>curl-8.6.0-10.fc40</title>
<issued date="2024-07-30 01:09:12"/><rights>Copyright</rights><release>Fedora 40</release>
<severity>Moderate</severity><description>- fix CVE-2024-6197</description>
<references><reference href="https://bugzilla.redhat.com/show_bug.cgi?id=2299653" id="2299653"
 type="bugzilla" title="CVE-2024-6197 curl: freeing stack buffer [fedora-all]"/></references>
<pkglist><collection short="F40"><package name="curl" version="8.6.0" release="10.fc40" epoch="0"
 arch="x86_64" src="curl-8.6.0-10.fc40.src.rpm"/></collection></pkglist></update></updates>
"""


def _one(found: list[Advisory | Refused]) -> Advisory:
    (record,) = found
    assert isinstance(record, Advisory), record
    return record


def _by_name(record: Advisory) -> dict[str, Affected]:
    return {one.package.name: one for one in record.affected or () if one.package}


def test_an_update_of_amazon_linux_is_read_once_for_all_architectures() -> None:
    record = _one(list(updateinfo.advisories(iter([_ALAS]), DEFAULT_LIMITS)))
    assert (record.id, record.modified) == ("ALAS2023-2023-069", "2023-02-22T23:22:00Z")
    assert record.upstream == ("CVE-2022-2257", "CVE-2022-2264")
    assert record.database_specific == {"severity": "important"}
    assert [one.url.partition("?")[2] for one in record.references or ()] == ["name=CVE-2022-2257"]
    assert len(record.affected or ()) == 2
    minimal = _by_name(record)["vim-minimal"]
    assert minimal.package
    assert minimal.package.ecosystem == "Amazon Linux:2023"
    versions = ("2:9.0.475-1.amzn2023.0.1", "2:9.0.475-1.amzn2023.0.2", "9.1-1.amzn2023")
    assert [judge(minimal, version).state.value for version in versions] == [
        "affected", "not affected", "affected",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "ecosystem"),
    [
        (b"ALAS2-2021-1699", "Amazon Linux:2"),
        (b"ALAS-2018-1093", "Amazon Linux:1"),
        (b"ALAS2022-2021-003", "Amazon Linux:2022"),
        (b"ALAS2DOCKER-2023-025", "Amazon Linux:2"),
        (b"ALASNITRO-ENCLAVES-2021-001", "Amazon Linux:2"),
        (b"ALAS2023LIVEPATCH-2024-001", "Amazon Linux:2023"),
    ],
)
def test_the_id_tells_which_amazon_linux_it_is(name: bytes, ecosystem: str) -> None:
    raw = _ALAS.replace(b"ALAS2023-2023-069</id>", name + b"</id>")
    record = _one(list(updateinfo.advisories(iter([raw]), DEFAULT_LIMITS)))
    assert {one.package.ecosystem for one in record.affected or () if one.package} == {ecosystem}


def test_an_update_of_fedora_names_its_vulnerabilities_in_titles_of_reports() -> None:
    record = _one(list(updateinfo.advisories(iter([_FEDORA]), DEFAULT_LIMITS)))
    assert (record.upstream, record.modified) == (("CVE-2024-6197",), "2024-07-30T01:09:12Z")
    curl = _by_name(record)["curl"]
    assert curl.package
    assert curl.package.ecosystem == "Fedora:40"
    assert judge(curl, "8.6.0-9.fc40").fixed == "8.6.0-10.fc40"


@pytest.mark.parametrize("size", [1, 7, 64 * 1024])
def test_an_update_is_the_same_in_pieces_of_any_size(size: int) -> None:
    pieces = (_ALAS[at : at + size] for at in range(0, len(_ALAS), size))
    whole = list(updateinfo.advisories(iter([_ALAS]), DEFAULT_LIMITS))
    assert list(updateinfo.advisories(pieces, DEFAULT_LIMITS)) == whole


def _group(shared: Path) -> bytes:
    with zipfile.ZipFile(shared / _NATIVE) as archive:
        folder = "pkg/vulnsrc/arch-linux/testdata/happy/vuln-list/arch-linux"
        return archive.read(f"{folder}/AVG-984.json")


def test_a_fixed_group_of_arch_linux_says_which_release_fixes_it(shared: Path) -> None:
    raw = b"[" + _group(shared) + b"]"
    record = _one(list(arch_tracker.advisories(raw, DEFAULT_LIMITS, _DAY)))
    assert record.upstream == ("CVE-2019-11479", "CVE-2019-11478", "CVE-2019-11477")
    assert record.related == ("ASA-201906-14",)
    kernel = _by_name(record)["linux-lts"]
    states = [judge(kernel, version).state.value for version in ("4.19.51-1", "4.19.52-1")]
    assert states == ["affected", "not affected"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (b"Vulnerable", {"fix_state": "not-fixed"}),
        (b"Testing", {"fix_state": "not-fixed"}),
        (b"Not affected", {"status": "not_affected"}),
        (b"Unknown", {"status": "under_investigation"}),
    ],
)
def test_a_group_without_a_fix_says_its_status(
    shared: Path, status: bytes, said: dict[str, str]
) -> None:
    raw = b"[" + _group(shared).replace(b'"Fixed"', b'"' + status + b'"') + b"]"
    record = _one(list(arch_tracker.advisories(raw, DEFAULT_LIMITS, _DAY)))
    assert _by_name(record)["linux-lts"].database_specific == {"secure": said}
