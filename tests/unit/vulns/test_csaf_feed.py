"""Red Hat's VEX documents: real ones, and such as somebody makes who means harm."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure.facts.image import Unreadable
from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.feeds.redhat_csaf import advisories
from secure.vulns.native import feed_of
from secure.vulns.osv import Advisory, Affected, Refused
from secure.vulns.ranges import judge

_DAY = "2026-08-22T00:00:00Z"
_TREE = "pkg/vulnsrc/redhat-csaf/testdata/happy/csaf-vex"


def _statement(affected: Affected) -> str:
    specific = affected.database_specific or {}
    own = specific.get("secure")
    if isinstance(own, dict):
        return str(own.get("status") or own.get("fix_state"))
    return next(e.fixed for r in affected.ranges or () for e in r.events if e.fixed) or ""


def _by_repository(record: Advisory, name: str) -> dict[str, str]:
    return {
        one.package.ecosystem: _statement(one)
        for one in record.affected or ()
        if one.package and one.package.name == name
    }


@pytest.fixture(scope="module")
def sample(shared: Path) -> dict[str, Advisory | Unreadable]:
    feed = feed_of(str(shared / "manifests/redhat-csaf-vex-sample.zip"), DEFAULT_LIMITS)
    assert feed.name == "csaf/redhat-csaf-vex-sample.zip"
    found = [one for one in feed.entries if not isinstance(one, Refused)]
    return {one.id if isinstance(one, Advisory) else one.path: one for one in found}


def _record(sample: dict[str, Advisory | Unreadable], name: str) -> Advisory:
    found = sample[name]
    assert isinstance(found, Advisory)
    return found


def test_every_document_of_the_sample_is_a_record(
    sample: dict[str, Advisory | Unreadable],
) -> None:
    assert sorted(sample) == [
        "CVE-2022-38752", "CVE-2023-0030", "CVE-2023-0031", "CVE-2023-38545", "CVE-2023-4154",
        "CVE-2023-42670", "CVE-2024-24786",
    ]  # fmt: skip
    withdrawn = {name for name in sample if _record(sample, name).withdrawn}
    assert withdrawn == {"CVE-2023-0030", "CVE-2023-0031"}


def test_curl_is_fixed_in_one_release_and_not_affected_in_others(
    sample: dict[str, Advisory | Unreadable],
) -> None:
    record = _record(sample, "CVE-2023-38545")
    assert record.database_specific == {"severity": "Important"}
    assert [one.type for one in record.severity or ()] == ["CVSS_V3"]
    told = _by_repository(record, "libcurl")
    assert told["Red Hat:enterprise_linux:9::baseos"] == "7.76.1-26.el9_3.2"
    assert told["Red Hat:enterprise_linux:8"] == "not_affected"
    fixes = [
        one
        for one in record.affected or ()
        if one.package and one.package.ecosystem == "Red Hat:enterprise_linux:9::baseos"
    ]
    assert {one.package.name for one in fixes if one.package} == {
        "curl", "curl-minimal", "libcurl", "libcurl-devel", "libcurl-minimal",
    }  # fmt: skip
    # 9.2 was fixed before there was 9.3: each has a statement of its own.
    said = {_statement(one): judge(one, "7.76.1-26.el9_3.1").state.value for one in fixes}
    assert said == {"7.76.1-23.el9_2.4": "not affected", "7.76.1-26.el9_3.2": "affected"}


def test_statements_on_a_package_that_nobody_will_fix_say_so(
    sample: dict[str, Advisory | Unreadable],
) -> None:
    record = _record(sample, "CVE-2022-38752")
    states = Counter(
        statement
        for one in record.affected or ()
        if (statement := _statement(one)) and not statement[0].isdigit()
    )
    assert states["not_affected"] > 100
    assert states["end-of-life"] + states["wont-fix"] + states["not-fixed"] > 0
    assert _by_repository(record, "snakeyaml") == {}  # no rpm package: it has no purl


def _raw(shared: Path, name: str) -> bytes:
    with zipfile.ZipFile(shared / "manifests/trivy-db-native-feeds-testdata.zip") as archive:
        return archive.read(f"{_TREE}/{name}.json")


def _one(raw: bytes) -> Advisory | Refused:
    (found,) = advisories(raw, DEFAULT_LIMITS, _DAY)
    return found


_PAM = "BaseOS-9.5.0.Z.MAIN:pam-0:1.5.1-21.el9_5.x86_64"


@pytest.mark.parametrize(
    ("status", "remediation", "said"),
    [
        ("fixed", None, "1.5.1-21.el9_5"),
        ("known_affected", None, "not-fixed"),
        ("known_affected", "Will not fix", "wont-fix"),
        ("known_affected", "Out of support scope", "end-of-life"),
        ("known_not_affected", None, "not_affected"),
        ("under_investigation", None, "under_investigation"),
    ],
)
def test_each_status_is_kept(shared: Path, status: str, remediation: str | None, said: str) -> None:
    document = json.loads(_raw(shared, "cve-2024-10041"))
    (told,) = document["vulnerabilities"]
    told["product_status"] = {status: [_PAM, _PAM.replace("x86_64", "aarch64")]}
    told["remediations"] = (remediation and [
        {"category": "no_fix_planned", "details": remediation, "product_ids": [_PAM]}
    ]) or []  # fmt: skip
    record = _one(json.dumps(document).encode())
    assert isinstance(record, Advisory)
    assert _by_repository(record, "pam") == {"Red Hat:enterprise_linux:9::baseos": said}
    assert len(record.affected or ()) == 1


def _document(purl: str, reference: str = "a-2:1-1.x86_64", **status: list[str]) -> bytes:
    """A document on one package, "p:a", in Red Hat Enterprise Linux 8."""
    branches = [
        {"product": {"product_id": "p", "product_identification_helper": {
            "cpe": "cpe:/a:redhat:enterprise_linux:8::appstream"}}},
        {"product": {"product_id": reference, "product_identification_helper": {"purl": purl}}},
    ]  # fmt: skip
    related = {
        "full_product_name": {"product_id": "p:a"},
        "product_reference": reference,
        "relates_to_product_reference": "p",
    }
    tracking = {"id": "CVE-2024-1", "current_release_date": _DAY}
    return json.dumps({
        "document": {"category": "csaf_vex", "tracking": {**tracking, "id": "CVE-2024-1234"}},
        "product_tree": {"branches": branches, "relationships": [related]},
        "vulnerabilities": [{"product_status": status or {"fixed": ["p:a"]}}],
    }).encode()  # fmt: skip


def test_a_build_of_a_module_says_which_and_has_its_epoch() -> None:
    purl = "pkg:rpm/redhat/nodejs@18.1-1.module%2Bel8?arch=x86_64&rpmmod=nodejs:18:8060020:ad008a3a"
    record = _one(_document(purl, "nodejs-1:18.1-1.module+el8.x86_64"))
    assert isinstance(record, Advisory)
    (affected,) = record.affected or ()
    assert affected.ecosystem_specific == {"module": "nodejs:18"}
    assert _statement(affected) == "1:18.1-1.module+el8"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no CSAF document"),
        (b"\xff", "no CSAF document"),
        (b'{"document": {"tracking": {"id": "CVE-2024-1234"}}}', "no VEX document"),
        (_document("pkg:oci/a@sha256:1?arch=amd64"), "no rpm package"),
        (_document("pkg:rpm/suse/a@1-1"), "no rpm package"),
        (_document("pkg:rpm/redhat/a@1-1?rpmmod=rhel10"), "no rpm package"),
        (_document("pkg:rpm/redhat/a@" + "1" * 199 + "-1"), ""),
        (_document("pkg:rpm/redhat/a@1-1?arch=src"), "no rpm package"),
        (_document("pkg:rpm/redhat/a@1-1", fixed=["other"]), "no rpm package"),
        (_document("x").replace(b"CVE-2024-1234", b"../../etc"), "no VEX document"),
        (b'{"document":' + b"[" * 100_000, "no CSAF document"),
        (b'{"document":{"tracking":{"id":"a"}},"product_tree":{"branches":'
         + b'[{"branches":' * 5_000, "no CSAF document"),
    ],
)  # fmt: skip
def test_what_is_no_document_of_use_is_refused_by_name(raw: bytes, why: str) -> None:
    found = _one(raw)
    if why:
        assert isinstance(found, Refused)
        assert why in found.why


@given(st.binary(max_size=200))
def test_no_bytes_end_in_an_exception(raw: bytes) -> None:
    assert isinstance(_one(raw), Advisory | Refused)


@given(st.text(max_size=80), st.text(max_size=40))
def test_no_purl_ends_in_an_exception(purl: str, reference: str) -> None:
    assert isinstance(_one(_document(f"pkg:rpm/redhat/{purl}", reference)), Advisory | Refused)
