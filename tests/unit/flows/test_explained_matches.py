"""`--explain`: why an image has a vulnerability, why it has not, and what nobody can say."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest
from built_databases import DEBIAN, NOW, advisory, image, package, ranged

from secure.errors import NotFoundError
from secure.facts.files import OsRelease
from secure.facts.image import ImageFacts, Unreadable
from secure.facts.location import Layer, Location
from secure.facts.package import Package
from secure.flows.current_database import folder
from secure.flows.explain_match import explained
from secure.flows.vulnerabilities import compared
from secure.vulns import manifest
from secure.vulns.build import Content, Feed, build

DSA = advisory(
    "DSA-5417-1",
    ranged("Debian:12", "openssl", "introduced 0 fixed 3.0.11-1"),
    upstream=["CVE-2023-0464", "CVE-2023-0465"],
    summary="openssl: several flaws",
)
DENIED = advisory("CVE-2023-9", ranged("Debian:12", "vim", "introduced 0", status="not_affected"))
OPENSSL = package(
    "deb", "libssl3", "3.0.9-1", source="openssl", source_version="3.0.9-1",
    location=Location("var/lib/dpkg/status", 1), purl="pkg:deb/debian/libssl3@3.0.9-1",
)  # fmt: skip
LAYERS = (
    Layer(0, "sha256:0", "", 1, "/bin/sh -c #(nop) ADD file:1 in /"),
    Layer(1, "sha256:1", "", 1, "RUN apt-get install openssl"),
)


@pytest.fixture(autouse=True)
def _database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fresh = os.path.join(folder(), "fresh.db")
    build(fresh, [Feed("debian", (DSA, DENIED), Content())], NOW)
    manifest.install(folder(), fresh, may_lose_percent=None)


def facts(*packages: Package, system: OsRelease = DEBIAN) -> ImageFacts:
    return msgspec.structs.replace(image(*packages, system=system), layers=LAYERS)


def test_a_match_is_told_with_all_that_led_to_it_and_what_mends_it() -> None:
    told = explained(compared(facts(OPENSSL)), "CVE-2023-0464")
    for line in (
        "CVE-2023-0464: openssl: several flaws",
        "openssl in Debian:12: unknown",
        "  state       fixed in 3.0.11-1",
        "  fix         apt-get update && apt-get install -y --only-upgrade libssl3",
        "libssl3 3.0.9-1: affected",
        "  where       /var/lib/dpkg/status (layer 1, made by: RUN apt-get install openssl)",
        "  looked up   Debian:12 openssl 3.0.9-1",
        "  range       introduced 0, fixed 3.0.11-1",
        '  comparison  "3.0.9-1" is from "0" on and before "3.0.11-1", which fixes it',
        "  advisory    DSA-5417-1 of debian, modified 2026-01-01T00:00:00Z",
        "vulnerabilities: compared with 2 advisories of debian of 2026-01-01",
    ):
        assert line in told.splitlines()


def test_an_id_is_found_however_it_is_written_and_by_the_advisory_that_bundles_it() -> None:
    whole = explained(compared(facts(OPENSSL)), "CVE-2023-0465")
    assert explained(compared(facts(OPENSSL)), "cve-2023-0465") == whole
    bundled = explained(compared(facts(OPENSSL)), "DSA-5417-1")
    assert bundled.count("state       fixed in 3.0.11-1") == 2  # a finding for each of its CVEs


def test_what_is_fixed_is_not_found_and_the_comparison_says_why() -> None:
    fixed = msgspec.structs.replace(OPENSSL, version="3.0.11-1", source_version="3.0.11-1")
    told = explained(compared(facts(fixed)), "CVE-2023-0464")
    assert "not found in app.tar" in told
    assert 'comparison  "3.0.11-1" is not before "3.0.11-1", which fixes it' in told


def test_a_statement_that_denies_is_no_match() -> None:
    told = explained(compared(facts(package("deb", "vim", "9.0-1"))), "CVE-2023-9")
    assert "vim 9.0-1: not affected" in told
    assert "vim 9.0-1: affected" not in told


def test_what_was_not_compared_is_said_where_nothing_was_found() -> None:
    alpine = OsRelease(id="alpine", version_id="3.99.0")
    told = explained(
        compared(facts(package("apk", "openssl", "3.0.9-r0"), system=alpine)), "DSA-5417-1"
    )
    assert "no package of the image was compared with any advisory\n" in told
    assert (
        "not compared with any advisory: Alpine:v3.99: openssl 3.0.9-r0: "
        "the database has no advisories for Alpine:v3.99"
    ) in told


def test_what_a_vex_document_takes_back_is_told_with_its_words(tmp_path: Path) -> None:
    vex = {
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/1",
        "author": "Shop Security", "timestamp": NOW, "version": 1,
        "statements": [{
            "vulnerability": {"name": "CVE-2023-0464"}, "status": "not_affected",
            "products": [{"@id": "pkg:deb/debian/libssl3"}],
            "justification": "vulnerable_code_not_in_execute_path",
        }],
    }  # fmt: skip
    (tmp_path / "shop.json").write_text(json.dumps(vex))
    told = explained(compared(facts(OPENSSL), [str(tmp_path / "shop.json")]), "CVE-2023-0464")
    assert "suppressed  not_affected vulnerable_code_not_in_execute_path (VEX " in told
    assert "Shop Security)" in told
    assert "libssl3 3.0.9-1: affected" in told  # what the advisory says, beside it


def test_an_image_cannot_write_to_the_terminal() -> None:
    escape = "\x1b[2J\x9b\u202e\r"
    system = OsRelease(id="ubuntu", version_id=escape)
    asked = msgspec.structs.replace(
        facts(OPENSSL, system=system), unreadable=(Unreadable(f"a{escape}", 0, f"b{escape}"),)
    )
    told = explained(compared(asked), "DSA-5417-1")
    assert "not read: a\\x1b[2J" in told
    assert [line for line in told.splitlines() if not line.isprintable()] == []


def test_an_id_that_nobody_knows_is_refused() -> None:
    with pytest.raises(NotFoundError, match="CVE-1999-0001"):
        explained(compared(facts(OPENSSL)), "CVE-1999-0001")
