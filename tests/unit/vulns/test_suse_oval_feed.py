"""OVAL of SUSE: updates, vulnerabilities, what is not affected and what is not fixed yet."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from advisory_feeds import NOW
from built_databases import advisory, package, ranged
from hypothesis import given
from hypothesis import strategies as st
from matched_packages import matched

from secure.errors import DocumentError, LimitExceededError
from secure.facts.files import OsRelease
from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.build import build
from secure.vulns.database import open_database
from secure.vulns.feeds.oval_suse import advisories
from secure.vulns.native import feed_of, is_native
from secure.vulns.osv import Advisory, Affected, Refused, Severity
from secure.vulns.ranges import judge

_ID = "oval:org.opensuse.security:"
_LINUX = 'xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"'
_BASE = "SUSE Linux Enterprise Module for Basesystem 15 SP5"
_LEAP = "openSUSE Leap 15.6"


class _Document:
    """A file of definitions, with the tests, objects and states that they refer to."""

    def __init__(self) -> None:
        self.definitions = ""
        self._tests: list[tuple[str, str, str]] = []

    def _test(self, comment: str, check: str, name: str, state: str) -> str:
        number = f"{2009223735 + len(self._tests)}"
        test = (
            f'<rpminfo_test id="{_ID}tst:{number}" version="1" comment={quoteattr(check)}'
            f' check="at least one" {_LINUX}><object object_ref="{_ID}obj:{number}"/>'
            f'<state state_ref="{_ID}ste:{number}"/></rpminfo_test>'
        )
        made = f'<rpminfo_object id="{_ID}obj:{number}" version="1" {_LINUX}><name>{name}</name>'
        held = f'<rpminfo_state id="{_ID}ste:{number}" version="1" {_LINUX}>{state}'
        self._tests.append((test, f"{made}</rpminfo_object>", f"{held}</rpminfo_state>"))
        return f'<criterion test_ref="{_ID}tst:{number}" comment={quoteattr(comment)}/>'

    def product(self, name: str) -> str:
        state = '<version operation="equals">15.5</version>'
        return self._test(f"{name} is installed", "sles-release is ==15.5", "sles-release", state)

    def fixed(self, name: str, version: str) -> str:
        state = (
            '<arch datatype="string" operation="pattern match">(aarch64|x86_64)</arch>'
            f'<evr datatype="evr_string" operation="less than">0:{version}</evr>'
        )
        return self._test(f"{name}-{version} is installed", f"{name} is <{version}", name, state)

    def affected(self, name: str) -> str:
        state = '<evr datatype="evr_string" operation="greater than">0:0-0</evr>'
        return self._test(f"{name} is affected", f"{name} is >0", name, state)

    def not_affected(self, name: str) -> str:
        state = '<version operation="equals">0</version>'
        return self._test(f"{name} is not affected", f"{name} is ==0", name, state)

    def exact(self, name: str, version: str) -> str:
        state = f'<evr datatype="evr_string" operation="equals">0:{version}</evr>'
        return self._test(f"{name} {version} is installed", f"{name} is =={version}", name, state)

    def live_patch(self, name: str) -> str:
        state = '<evr datatype="evr_string" operation="greater than or equal">0:14-2.2</evr>'
        comment = f"no {name} is greater or equal than 14-2.2"
        return self._test(comment, f"{name} is >=14-2.2", name, state)

    def define(self, title: str, criteria: str, kind: str = "vulnerability") -> None:
        number = "".join(letter for letter in title[:20] if letter.isdigit())
        self.definitions += f"""
<definition id="{_ID}def:{number}" version="1" class="{kind}"><metadata>
<title>{escape(title)}</title><affected family="unix"><platform>{_BASE}</platform></affected>
<reference ref_id="Mitre CVE-2021-29154" ref_url="https://cve.example/1" source="CVE"/>
<reference ref_id="CVE-2021-29154" ref_url="https://suse.example/cve/1" source="SUSE CVE"/>
<description>BPF JIT compilers</description><advisory from="security@suse.de">
<issued date="2021-04-30"/><updated date="2021-07-14"/><severity>Important</severity>
<cve impact="important" cvss3="7/CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H"
 href="https://suse.example/cve/1">CVE-2021-29154</cve></advisory></metadata>
{criteria}</definition>"""

    def xml(self) -> bytes:
        tests, objects, states = zip(*self._tests, strict=True) if self._tests else ((), (), ())
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5">
<definitions>{self.definitions}</definitions><tests>{"".join(tests)}</tests>
<objects>{"".join(objects)}</objects><states>{"".join(states)}</states>
</oval_definitions>""".encode()

    def read(self) -> list[Advisory | Refused]:
        raw = self.xml()
        return list(advisories(lambda: iter([raw]), DEFAULT_LIMITS))


def _all(*criteria: str) -> str:
    return f'<criteria operator="AND">{"".join(criteria)}</criteria>'


def _any(*criteria: str) -> str:
    return f'<criteria operator="OR">{"".join(criteria)}</criteria>'


def _only(found: list[Advisory | Refused]) -> Advisory:
    (record,) = found
    assert isinstance(record, Advisory), record
    return record


def _by_package(record: Advisory) -> dict[tuple[str, str], Affected]:
    return {
        (one.package.ecosystem, one.package.name): one
        for one in record.affected or ()
        if one.package
    }


def test_an_update_names_the_versions_that_it_brings_to_each_product() -> None:
    made = _Document()
    products = _any(made.product(_BASE), made.product(_LEAP))
    packages = _any(made.fixed("krb5", "1.15.2-4.25"), made.fixed("krb5-client", "1.15.2-4.25"))
    made.define("SUSE-SU-2021:1210-1 -- Security update for krb5",
                _all(products, packages), "patch")  # fmt: skip
    record = _only(made.read())
    assert (record.id, record.upstream) == ("SUSE-SU-2021:1210-1", ("CVE-2021-29154",))
    assert (record.published, record.modified) == ("2021-04-30T00:00:00Z", "2021-07-14T00:00:00Z")
    vector = Severity("CVSS_V3", "CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H")
    assert record.severity == (vector,)
    assert record.database_specific == {"severity": "Important"}
    found = _by_package(record)
    assert sorted(found) == [
        (ecosystem, name)
        for ecosystem in (
            "SUSE:Linux Enterprise Module for Basesystem 15 SP5",
            "openSUSE:Leap 15.6",
        )
        for name in ("krb5", "krb5-client")
    ]
    client = found["openSUSE:Leap 15.6", "krb5-client"]
    assert judge(client, "1.15.2-4.24.1").fixed == "1.15.2-4.25"
    assert judge(client, "1.15.2-4.25").state.value == "not affected"


def test_a_vulnerability_says_what_is_fixed_affected_and_not_affected() -> None:
    made = _Document()
    made.define("CVE-2021-29154", _any(
        _all(made.product("SUSE Linux Enterprise Server 15-LTSS"),
             _any(made.fixed("kernel-default", "4.12.14-150.72.1"))),
        _all(_any(made.product(_BASE)),
             _any(made.affected("kernel-default"), made.not_affected("kernel-source"))),
        _all(made.product(_LEAP), made.not_affected("kernel-default")),
    ))  # fmt: skip
    record = _only(made.read())
    assert (record.id, record.upstream) == ("CVE-2021-29154", ())
    found = _by_package(record)
    ltss = found["SUSE:Linux Enterprise Server 15-LTSS", "kernel-default"]
    assert judge(ltss, "4.12.14-150.71.1").fixed == "4.12.14-150.72.1"
    base = "SUSE:Linux Enterprise Module for Basesystem 15 SP5"
    own = {key: (one.database_specific or {}).get("secure") for key, one in found.items()}
    assert own[base, "kernel-default"] == {"fix_state": "not-fixed"}
    assert own[base, "kernel-source"] == {"status": "not_affected"}
    assert own["openSUSE:Leap 15.6", "kernel-default"] == {"status": "not_affected"}


def test_a_fix_says_more_than_that_a_product_is_not_affected() -> None:
    made = _Document()
    made.define("CVE-2021-29154", _any(
        _all(made.product(_LEAP), made.not_affected("zlib")),
        _all(made.product(_LEAP), made.fixed("zlib", "1.2.13-1")),
    ))  # fmt: skip
    (zlib,) = _only(made.read()).affected or ()
    assert judge(zlib, "1.2.12-1").fixed == "1.2.13-1"


def test_a_live_patch_is_named_and_left_out() -> None:
    made = _Document()
    made.define("CVE-2018-25020", _all(made.product(_BASE), _any(
        _all(made.exact("kernel-default", "4.12.14-150.66.1"),
             made.live_patch("kernel-livepatch-4_12_14-150_66-default")),
        _any(made.fixed("kernel-default", "4.12.14-150.72.1")),
    )))  # fmt: skip
    refused, record = made.read()
    assert refused == Refused(
        "CVE-2018-25020", "what holds only without a live patch is not compared"
    )
    assert list(_by_package(_only([record]))) == [
        ("SUSE:Linux Enterprise Module for Basesystem 15 SP5", "kernel-default")
    ]


_CRITERIA: dict[str, Callable[[_Document], str]] = {
    "names no package": lambda made: _all(made.product(_BASE)),
    "not say which product": lambda made: _any(made.fixed("a", "1-1")),
    "several packages at once": lambda made: _all(
        made.product(_BASE), made.fixed("a", "1-1"), made.fixed("b", "1-1")
    ),
    "several products at once": lambda made: _all(
        made.product(_BASE), made.product(_LEAP), made.fixed("a", "1-1")
    ),
    "are alternatives": lambda made: _any(made.product(_BASE), made.fixed("a", "1-1")),
    "negates a criterion": lambda made: _all(
        made.product(_BASE), f'<criteria negate="true">{made.fixed("a", "1-1")}</criteria>'
    ),
    '"extend_definition" among': lambda made: _all(
        made.product(_BASE), '<extend_definition definition_ref="x"/>'
    ),
    'the criterion "a is signed"': lambda made: _all(
        made.product(_BASE), '<criterion test_ref="none" comment="a is signed"/>'
    ),
    'the criterion "a 1-1 is installed"': lambda made: _all(
        made.product(_BASE), made.exact("a", "1-1")
    ),
    "no version that can be compared": lambda made: _all(
        made.product(_BASE), made.fixed("a", "1" * 2_000)
    ),
}  # fmt: skip


@pytest.mark.parametrize("why", _CRITERIA)
def test_criteria_that_are_not_understood_are_refused_by_name(why: str) -> None:
    made = _Document()
    good = _all(made.product(_LEAP), made.fixed("zlib", "1.2.13-1"))
    made.define("CVE-2021-1001", good)
    made.define("CVE-2021-1002", _CRITERIA[why](made))
    made.define("CVE-2021-1003", good)
    before, refused, after = made.read()
    assert isinstance(before, Advisory)
    assert isinstance(after, Advisory)
    assert isinstance(refused, Refused)
    assert refused.id == "CVE-2021-1002"
    assert why in refused.why


@pytest.mark.parametrize(
    ("ending", "packed"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), ("", bytes)],
)
def test_files_of_several_products_with_one_definition_are_all_used(
    tmp_path: Path, ending: str, packed: Callable[[bytes], bytes]
) -> None:
    paths = []
    for product, name in ((_BASE, "suse.linux.enterprise.15"), (_LEAP, "opensuse.leap.15.6-patch")):
        made = _Document()
        made.define("CVE-2021-29154", _all(made.product(product), made.fixed("libz1", "1.2.13-1")))
        path = tmp_path / f"{name}.xml{ending}"
        path.write_bytes(packed(made.xml()))
        assert is_native(path.name)
        paths.append(str(path))
    report = build(str(tmp_path / "x.db"), (feed_of(one, DEFAULT_LIMITS) for one in paths), NOW)
    assert (report.records, report.replaced, report.refused) == (2, 0, 0)
    with open_database(str(tmp_path / "x.db")) as found:
        assert len(found.affected("openSUSE:Leap 15.6", "libz1")) == 1
        assert len(found.by_id("CVE-2021-29154")) == 2


@given(st.binary(max_size=100))
def test_no_criteria_end_in_another_error(raw: bytes) -> None:
    made = _Document()
    made.define("CVE-2021-29154", "CRITERIA")
    content = made.xml().replace(b"CRITERIA", raw)
    try:
        found = list(advisories(lambda: iter([content]), DEFAULT_LIMITS))
    except (DocumentError, LimitExceededError):
        return
    assert all(isinstance(one, Advisory | Refused) for one in found)


_ZLIB = package(
    "rpm", "libz1", "1.2.13-150500.4.1", source="zlib", source_version="1.2.13-150500.4.1"
)
_ZLIB_OF_OSV = advisory(
    "SUSE-SU-2024:1-1",
    ranged("openSUSE:Leap 15.6", "zlib", "introduced 0 fixed 1.2.13-150500.4.3"),
    upstream=["CVE-2021-29154"],
)
_LEAP_SYSTEM = OsRelease(id="opensuse-leap", version_id="15.6")


def _said_of_libz1(say: Callable[[_Document], str]) -> Advisory:
    made = _Document()
    made.define("CVE-2021-29154", _all(made.product(_LEAP), say(made)))
    return _only(made.read())


def test_what_oval_says_of_a_package_and_osv_of_its_source_is_one_finding(tmp_path: Path) -> None:
    oval = _said_of_libz1(lambda made: made.fixed("libz1", "1.2.13-150500.4.3"))
    result = matched(tmp_path, [_ZLIB], _ZLIB_OF_OSV, oval, system=_LEAP_SYSTEM)
    (finding,) = result.vulnerabilities
    assert (finding.id, finding.fixed) == ("CVE-2021-29154", ("1.2.13-150500.4.3",))
    assert {one.advisory for one in finding.matches} == {"SUSE-SU-2024:1-1", "CVE-2021-29154"}


def test_what_oval_says_is_not_affected_takes_back_what_is_said_of_the_source(
    tmp_path: Path,
) -> None:
    oval = _said_of_libz1(lambda made: made.not_affected("libz1"))
    result = matched(tmp_path, [_ZLIB], _ZLIB_OF_OSV, oval, system=_LEAP_SYSTEM)
    assert [one.id for one in result.vulnerabilities if one.suppressed is None] == []
