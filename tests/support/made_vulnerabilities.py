"""Findings as matching makes them, for tests of reports and differences."""

from __future__ import annotations

import msgspec

from secure.facts.image import ImageFacts
from secure.facts.location import Location
from secure.facts.vulnerability import FixState, Mark, Match, Suppression, Uncovered, Vulnerability


def vulnerability(
    identifier: str = "CVE-2024-1000",
    component: str = "openssl",
    version: str = "3.0.11-1~deb12u2",
    fixed: str = "3.0.14-1~deb12u1",
    **changes: object,
) -> Vulnerability:
    """One finding of a Debian package."""
    match = Match(
        package=f"pkg:deb/debian/{component}@{version}",
        name=component,
        version=version,
        looked_up=f"Debian:12 {component}",
        compared=version,
        location=Location("var/lib/dpkg/status", 0),
        advisory=identifier.replace("CVE", "DSA"),
        feed="debian",
        modified="2026-01-01T00:00:00Z",
        interval=f"introduced 0, fixed {fixed}" if fixed else "introduced 0",
        because=f'"{version}" is before "{fixed}"' if fixed else "every version is affected",
        fixed=fixed,
        fix_state=FixState.FIXED if fixed else FixState.NOT_FIXED,
    )
    made = Vulnerability(
        id=identifier,
        component=component,
        ecosystem="Debian:12",
        severity="high",
        severity_by="debian",
        fix_state=match.fix_state,
        fixed=(fixed,) if fixed else (),
        matches=(match,),
        fix=f"apt-get install {component}={fixed}" if fixed else "",
    )
    return msgspec.structs.replace(made, **changes)


TAKEN_BACK = vulnerability(
    "CVE-2023-9", "zlib", "1:1.2.13.dfsg-1", "",
    severity="critical",
    suppressed=Suppression(
        "not_affected", "VEX shop.openvex.json, Shop Security", "vulnerable_code_not_present",
        "minizip is not built",
    ),
)  # fmt: skip
FOUND = (
    vulnerability(
        "CVE-2021-44228", "org.apache.logging.log4j:log4j-core", "2.14.1", "2.15.0",
        severity="critical", severity_by="ghsa, CVSS 3 10.0", kev="2021-12-10", epss=0.9757,
        summary="Remote code execution in Log4j", aliases=("GHSA-jfh8-c2jp-5v3q",),
        fix="set the version of org.apache.logging.log4j:log4j-core to 2.15.0",
    ),
    vulnerability("CVE-2024-1000", summary="Timing leak in key agreement", epss=0.0021),
    vulnerability("CVE-2024-2000", "curl", "7.88.1-10", ""),
    vulnerability("CVE-2024-3000", "linux", "6.1.0-10", "", severity="medium",
                  marks=(Mark.KERNEL_HEADERS,)),
    vulnerability("CVE-2024-4000", "tar", "1.34", "", severity="unknown", severity_by=""),
    TAKEN_BACK,
)  # fmt: skip


def compared(facts: ImageFacts, *found: Vulnerability) -> ImageFacts:
    """The facts as if they had been compared with a database of this morning."""
    return msgspec.structs.replace(
        facts,
        vulnerability_data="2026-11-24T00:00:00Z",
        vulnerability_source="401,220 advisories of osv",
        vulnerabilities=found,
        uncovered=(Uncovered("RubyGems", ("rails 7.0.0",), "the database has no advisories"),),
    )
