"""Statements of others: read from three forms, and what they take back."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import msgspec
import pytest

from secure.errors import DocumentError
from secure.facts.vulnerability import Product, Statement, Vulnerability
from secure.policy.rules.image_vulnerabilities import EXAMPLE
from secure.vulns.vex.apply import applied
from secure.vulns.vex.read import read_vex

PURL = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"
DIGEST = "sha256:" + "1" * 64


def openvex(**statement: object) -> bytes:
    body = {"vulnerability": {"name": "CVE-2021-44228"}, "status": "not_affected", **statement}
    return json.dumps({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/1",
        "author": "us", "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": [body],
    }).encode()  # fmt: skip


def one(raw: bytes) -> Statement:
    (found,) = read_vex(raw, "app.json")
    return found


def judged(*statements: Statement, finding: Vulnerability = EXAMPLE) -> Vulnerability:
    (found,) = applied([finding], statements, frozenset((DIGEST,)))
    return found


def test_openvex_names_a_package_in_an_image() -> None:
    product = {
        "@id": f"pkg:oci/app@{DIGEST.replace(':', '%3A')}?repository_url=registry.example/app",
        "subcomponents": [{"@id": PURL}],
    }
    found = one(openvex(products=[product], justification="vulnerable_code_not_present"))
    assert found.products == (Product(PURL, DIGEST),)
    back = judged(found).suppressed
    assert back is not None
    assert (back.status, back.justification, back.by) == (
        "not_affected", "vulnerable_code_not_present", "VEX app.json, us",
    )  # fmt: skip
    other = msgspec.structs.replace(found, products=(Product(PURL, "sha256:" + "9" * 64),))
    assert judged(other).suppressed is None


def test_openvex_that_denies_without_a_reason_does_not_count() -> None:
    assert read_vex(openvex(products=[{"@id": PURL}]), "app.json") == ()


def test_openvex_of_the_first_version_names_products_as_text() -> None:
    found = one(
        openvex(vulnerability="CVE-2021-44228", products=[PURL], impact_statement="no JNDI")
    )
    assert (found.products, found.statement) == ((Product(PURL),), "no JNDI")


def test_cyclonedx_names_components_by_reference() -> None:
    raw = json.dumps({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:1",
        "components": [{"type": "library", "name": "log4j-core", "bom-ref": "r1", "purl": PURL}],
        "vulnerabilities": [
            {"id": "GHSA-jfh8-c2jp-5v3q", "affects": [{"ref": "r1"}],
             "analysis": {"state": "false_positive", "justification": "code_not_reachable"}},
            {"id": "CVE-2000-1", "affects": [{"ref": "r1"}]},
        ],
    }).encode()  # fmt: skip
    back = judged(one(raw)).suppressed
    assert back is not None
    assert (back.status, back.justification) == ("not_affected", "code_not_reachable")


def test_csaf_names_products_through_its_tree() -> None:
    part = {"product_id": "log4j", "product_identification_helper": {"purl": PURL}}
    raw = json.dumps({
        "document": {"category": "csaf_vex", "csaf_version": "2.0", "publisher": {"name": "V"},
                     "tracking": {"current_release_date": "2026-01-01T00:00:00Z"}},
        "product_tree": {
            "branches": [{"branches": [{"product": part}]}],
            "relationships": [{"product_reference": "log4j",
                               "full_product_name": {"product_id": "os:log4j"}}],
        },
        "vulnerabilities": [{
            "cve": "CVE-2021-44228",
            "product_status": {"known_not_affected": ["os:log4j", "unknown"]},
            "flags": [{"label": "component_not_present", "product_ids": ["os:log4j"]}],
            "threats": [{"category": "impact", "details": "Low", "product_ids": ["os:log4j"]}],
        }],
    }).encode()  # fmt: skip
    found = one(raw)
    assert (found.products, found.justification) == ((Product(PURL),), "component_not_present")
    assert judged(found).suppressed is not None


def test_documents_of_red_hat_are_read(shared: Path) -> None:
    with zipfile.ZipFile(shared / "manifests/redhat-csaf-vex-sample.zip") as archive:
        names = [name for name in archive.namelist() if "cve-2023-38545" in name]
        found = read_vex(archive.read(names[0]), "cve-2023-38545.json")
    assert {"fixed", "not_affected"} <= {statement.status for statement in found}
    assert all(statement.names >= {"CVE-2023-38545"} for statement in found)


def stated(status: str, when: str, *products: Product) -> Statement:
    names = frozenset({"CVE-2021-44228"})
    return Statement(names, status, "VEX x, y", products or (Product(PURL),), timestamp=when)


def test_the_latest_statement_counts() -> None:
    no, yes = stated("not_affected", "2026-01-01"), stated("affected", "2026-02-01")
    assert judged(no, yes).suppressed is None
    assert judged(yes, no).suppressed is None
    assert judged(stated("fixed", "2026-03-01"), no, yes).suppressed is not None
    # Given later, at the same moment.
    same = stated("affected", "2026-01-01")
    assert judged(no, same).suppressed is None


@pytest.mark.parametrize(
    ("product", "counts"),
    [
        (Product("pkg:maven/org.apache.logging.log4j/log4j-core"), True),
        (Product("pkg:maven/org.apache.logging.log4j/log4j-core@2.15.0"), False),
        (Product("pkg:maven/other/log4j-core"), False),
        (Product("pkg:npm/log4j-core"), False),
        (Product("", DIGEST), True),
        (Product("", "sha256:0"), False),
        (Product(), False),
        (Product("no purl"), False),
    ],
)
def test_a_statement_counts_for_what_it_names(product: Product, counts: bool) -> None:
    back = judged(stated("not_affected", "2026-01-01", product)).suppressed
    assert (back is not None) is counts


def test_every_package_of_a_finding_has_to_be_named() -> None:
    first = EXAMPLE.matches[0]
    second = msgspec.structs.replace(first, package="pkg:maven/org.example/shaded@1")
    finding = msgspec.structs.replace(EXAMPLE, matches=(first, second))
    assert judged(stated("fixed", "2026-01-01"), finding=finding).suppressed is None
    both = stated("fixed", "2026-01-01", Product(PURL), Product(second.package))
    assert judged(both, finding=finding).suppressed is not None


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"{}", b"null", b"\xff\xfe", b'{"@context": 1}', b'{"bomFormat": "SPDX"}',
        b'{"document": {}}', b'{"bomFormat": "CycloneDX", "vulnerabilities": 3}',
        b'{"@context": "https://openvex.dev/ns", "statements": [{"status": "fixed"}]}',
        b'{"document": {"csaf_version": "2.0"}, "product_tree": {"branches": '
        + b'[{"branches":' * 5_000,
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_vex_document_is_refused_by_name(raw: bytes) -> None:
    with pytest.raises(DocumentError, match=r"app\.json"):
        read_vex(raw, "app.json")
