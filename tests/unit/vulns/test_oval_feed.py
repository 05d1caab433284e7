"""OVAL of Oracle Linux and Azure Linux: what its criteria say of a package, and what not."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from secure.errors import DocumentError
from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.feeds.oval import advisories
from secure.vulns.osv import Advisory, Affected, Refused
from secure.vulns.ranges import judge

_NATIVE = "manifests/trivy-db-native-feeds-testdata.zip"
_HEAD = (
    '<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5"'
    ' xmlns:linux="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"><definitions>'
)


def _read(raw: str) -> list[Advisory | Refused]:
    return list(advisories(lambda: iter([raw.encode()]), DEFAULT_LIMITS))


def _document(definition: str, *tests: tuple[str, str, str]) -> str:
    """One definition with tests 0, 1, …: (package, operation, version)."""
    numbered = list(enumerate(tests))
    return (
        f"{_HEAD}{definition}</definitions><tests>"
        + "".join(
            f'<linux:rpminfo_test id="t{n}"><linux:object object_ref="o{n}"/>'
            f'<linux:state state_ref="s{n}"/></linux:rpminfo_test>'
            for n, _ in numbered
        )
        + "</tests><objects>"
        + "".join(
            f'<linux:rpminfo_object id="o{n}"><linux:name>{name}</linux:name>'
            "</linux:rpminfo_object>"
            for n, (name, _, _) in numbered
        )
        + "</objects><states>"
        + "".join(
            f'<linux:rpminfo_state id="s{n}"><linux:evr datatype="evr_string"'
            f" operation={quoteattr(operation)}>{evr}</linux:evr></linux:rpminfo_state>"
            for n, (_, operation, evr) in numbered
        )
        + "</states></oval_definitions>"
    )


def _elsa(criteria: str) -> str:
    return f"""
<definition id="oval:com.oracle.elsa:def:20245193" version="501" class="patch"><metadata>
<title>ELSA-2024-5193:  httpd:2.4 security update (IMPORTANT)</title>
<affected family="unix"><platform>Oracle Linux 8</platform></affected>
<reference source="elsa" ref_id="ELSA-2024-5193"
 ref_url="https://linux.oracle.com/errata/ELSA-2024-5193.html"/>
<reference source="CVE" ref_id="CVE-2024-38473"
 ref_url="https://linux.oracle.com/cve/CVE-2024-38473.html"/>
<description>mod_md, httpd</description>
<advisory><severity>IMPORTANT</severity><rights>Copyright 2024 Oracle, Inc.</rights>
<issued date="2024-08-13"/><cve href="x">CVE-2024-38473</cve></advisory></metadata>
<criteria operator="AND"><criterion test_ref="x" comment="Oracle Linux 8 is installed"/>
{criteria}</criteria></definition>"""


def _by_arch(package: str) -> str:
    both = "".join(
        f'<criteria operator="AND"><criterion test_ref="a" comment="Oracle Linux arch is {arch}"/>'
        f'<criteria operator="OR">{package}</criteria></criteria>'
        for arch in ("x86_64", "aarch64")
    )
    return f'<criteria operator="OR">{both}</criteria>'


_SIGNED = '<criterion test_ref="k" comment="httpd is signed with the Oracle Linux 8 key"/>'
_MODULE = '<criterion test_ref="m" comment="Module httpd:2.4 is enabled"/>'
_PACKAGE = (
    '<criteria operator="AND"><criterion test_ref="t0" comment="httpd is earlier than it"/>'
    f"{_SIGNED}</criteria>"
)
_FIX = ("httpd", "less than", "0:2.4.37-65.0.1.module+el8.10.0+90356+2c2e7d9a.2")


def _only(found: list[Advisory | Refused]) -> tuple[Advisory, Affected]:
    (record,) = found
    assert isinstance(record, Advisory), record
    (affected,) = record.affected or ()
    return record, affected


def test_a_definition_of_oracle_is_read_once_for_all_architectures() -> None:
    record, httpd = _only(_read(_document(_elsa(_MODULE + _by_arch(_PACKAGE)), _FIX)))
    assert (record.id, record.modified) == ("ELSA-2024-5193", "2024-08-13T00:00:00Z")
    assert record.upstream == ("CVE-2024-38473",)
    assert record.database_specific == {"severity": "IMPORTANT"}
    assert httpd.package
    assert (httpd.package.ecosystem, httpd.package.name) == ("Oracle Linux:8", "httpd")
    assert httpd.ecosystem_specific == {"module": "httpd:2.4"}
    fix = _FIX[2].removeprefix("0:")
    assert judge(httpd, "2.4.37-64.0.1.module+el8.10.0+90271+3bc76a16").fixed == fix
    assert judge(httpd, fix).state.value == "not affected"


def test_builds_for_fips_are_packages_of_their_own() -> None:
    fips = '<criterion test_ref="f" comment="gnutls is fips patched"/>'
    both = f'{_PACKAGE}<criteria><criterion test_ref="t1"/>{fips}</criteria>'
    raw = _document(
        _elsa(f'<criteria operator="OR">{both}</criteria>'),
        ("gnutls", "less than", "0:3.6.16-4.el8"),
        ("gnutls", "less than", "10:3.6.16-4.0.1.el8_fips"),
    )
    (record,) = _read(raw)
    assert isinstance(record, Advisory)
    ordinary, fips_build = record.affected or ()
    assert judge(ordinary, "3.6.16-3.el8").fixed == "3.6.16-4.el8"
    assert judge(fips_build, "10:3.6.16-1.el8_fips").fixed == "10:3.6.16-4.0.1.el8_fips"


@pytest.mark.parametrize(
    ("criteria", "why"),
    [
        ("", "names no package"),
        ('<criterion test_ref="none" comment="httpd is earlier than 1-1"/>', "earlier than"),
        ('<criterion test_ref="t0" negate="true"/>', "negates"),
        ('<criteria negate="true"><criterion test_ref="t0"/></criteria>', "negates"),
        ('<extend_definition definition_ref="d"/>', "extend_definition"),
        ('<criterion test_ref="x" comment="SELinux is on"/>' + _PACKAGE, "SELinux is on"),
        ('<criterion test_ref="t1"/>', 'compared by "pattern match"'),
        ('<criterion test_ref="t2"/>', "cannot be compared|no version"),
        ('<criterion test_ref="t3"/>', "no version"),
    ],
)
def test_criteria_that_are_not_understood_are_refused_by_name(criteria: str, why: str) -> None:
    tests = (
        _FIX,
        ("a", "pattern match", "1-1"),
        ("a", "less than", "1" * 2000),
        ("", "less than", "1-1"),
    )
    good = _elsa(_PACKAGE)
    before, refused, after = _read(_document(good + _elsa(criteria) + good, *tests))
    assert isinstance(before, Advisory)
    assert isinstance(after, Advisory)
    assert isinstance(refused, Refused)
    assert refused.id == "ELSA-2024-5193"
    assert any(word in refused.why for word in why.split("|"))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("oval:com.oracle.elsa:def", "oval:com.redhat.rhsa:def", "no distribution"),
        ('date="2024-08-13"', 'date="soon"', "when it was issued"),
        ("Oracle Linux 8 is installed", "Oracle Linux arch is x86_64", "which release"),
    ],
)
def test_a_definition_without_what_is_needed_is_refused(old: str, new: str, why: str) -> None:
    (refused,) = _read(_document(_elsa(_PACKAGE).replace(old, new), _FIX))
    assert isinstance(refused, Refused)
    assert why in refused.why


def test_damage_behind_the_definitions_is_said_before_any_is_used() -> None:
    with pytest.raises(DocumentError):
        next(
            advisories(
                lambda: iter([_document(_elsa(_PACKAGE), _FIX).encode()[:-9]]), DEFAULT_LIMITS
            )
        )


def _azure(shared: Path, release: str, case: str = "happy") -> str:
    """The real definitions, which are stored as JSON, in the XML that they were published in."""
    folder = f"pkg/vulnsrc/azure/testdata/{case}/vuln-list/{release}/"
    with zipfile.ZipFile(shared / _NATIVE) as archive:
        found = {
            name.removeprefix(folder): json.loads(archive.read(name))
            for name in archive.namelist()
            if name.startswith(folder) and name.endswith(".json")
        }
    states = {one["ID"]: one["Evr"] for one in found["states/states.json"]["RpminfoState"]}
    names = {one["ID"]: one["Name"] for one in found["objects/objects.json"]["RpminfoObjects"]}
    tests = found["tests/tests.json"]["RpminfoTests"]
    places = {one["ID"]: f"t{number}" for number, one in enumerate(tests)}
    compared = [
        (names[one["Object"]["ObjectRef"]], evr["Operation"], evr["Text"])
        for one in tests
        for evr in [states[one["State"]["StateRef"]]]
    ]
    definitions = [one for name, one in found.items() if name.startswith("definitions/")]
    return _document("".join(_in_xml(one, places) for one in definitions), *compared)


def _in_xml(one: dict[str, dict[str, object]], places: dict[str, str]) -> str:
    metadata, told = one["Metadata"], one["Metadata"]["Reference"]
    assert isinstance(told, dict)
    criterions = one["Criteria"]["Criterion"]
    assert isinstance(criterions, list)
    criteria = "".join(
        f'<criterion comment={quoteattr(each["Comment"])} test_ref="{places[each["TestRef"]]}"/>'
        for each in criterions
    )
    return f"""<definition class="vulnerability" id="{one["ID"]}"><metadata>
<title>{metadata["Title"]}</title>
<reference ref_id="{told["RefID"]}" ref_url="{told["RefURL"]}" source="CVE"/>
<patchable>{metadata.get("Patchable", "true")}</patchable>
<advisory_date>2026-01-20T21:31:32Z</advisory_date><severity>{metadata["Severity"]}</severity>
</metadata><criteria operator="{one["Criteria"]["Operator"]}">{criteria}</criteria></definition>"""


@pytest.mark.parametrize(
    ("release", "package", "cve", "versions"),
    [
        ("azure/3.0", "Azure Linux:3 golang", "CVE-2023-29409", {
            "1.20.6-1.azl3": "affected", "1.20.7-1.azl3": "not affected",
        }),
        ("mariner/2.0", "Azure Linux:2 openssl", "CVE-2023-5678", {
            "1.1.1k-27.cm2": "affected", "1.1.1k-28.cm2": "not affected",
        }),
        ("mariner/2.0", "Azure Linux:1 wireshark", "CVE-2021-39924", {
            "3.4.4-2.cm1": "affected", "3.4.5-1.cm1": "not affected",
        }),
    ],
)  # fmt: skip
def test_real_definitions_of_azure_linux_say_what_they_said(
    shared: Path, release: str, package: str, cve: str, versions: dict[str, str]
) -> None:
    found = _read(_azure(shared, release))
    assert len(found) == 3
    (affected,) = [
        one
        for record in found
        if isinstance(record, Advisory) and record.upstream == (cve,)
        for one in record.affected or ()
        if one.package and f"{one.package.ecosystem} {one.package.name}" == package
    ]
    assert {version: judge(affected, version).state.value for version in versions} == versions


def test_a_definition_that_microsoft_took_back_says_not_affected(shared: Path) -> None:
    record, libnotify = _only(_read(_azure(shared, "mariner/2.0", "not-applicable-definition")))
    assert record.upstream == ("CVE-2013-7381",)
    assert libnotify.package
    assert libnotify.package.name == "libnotify"
    assert libnotify.database_specific == {"secure": {"status": "not_affected"}}
