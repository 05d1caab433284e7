"""Feeds of vendors by somebody who means harm: refused by name, and bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure.errors import DocumentError, InputError, LimitExceededError
from secure.oci.limits import DEFAULT_LIMITS, Limits
from secure.vulns.feeds import arch_tracker, oval, repomd, updateinfo
from secure.vulns.osv import Advisory, Refused

_DAY = "2026-01-01T00:00:00Z"
_UPDATE = (
    b'<update type="security"><id>ALAS2-2021-1</id><issued date="2021-08-13 17:31"/>'
    b'<pkglist><collection><package name="a" version="1" release="2" arch="x86_64"/>'
    b"</collection></pkglist></update>"
)


def _updates(*inside: bytes) -> list[Advisory | Refused]:
    raw = b"<updates>" + b"".join(inside) + b"</updates>"
    return list(updateinfo.advisories(iter([raw]), DEFAULT_LIMITS))


def test_a_damaged_file_is_no_feed_of_fewer_records() -> None:
    with pytest.raises(DocumentError, match="no whole XML"):
        list(updateinfo.advisories(iter([b"<updates>" + _UPDATE]), DEFAULT_LIMITS))


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (_UPDATE.replace(b"ALAS2-2021-1<", b"RHSA-2021:1<"), "no distribution"),
        (_UPDATE.replace(b"ALAS2-2021-1<", b"FEDORA-2021-abc<"), "no distribution"),
        (_UPDATE.replace(b"ALAS2-2021-1<", b"ALAS2-2021-1\n\x1b<").replace(b"\x1b", b"x"), "known"),
        (_UPDATE.replace(b"2021-08-13 17:31", b"yesterday"), "when it was issued"),
        (_UPDATE.replace(b' name="a"', b""), "no version that can be compared"),
        (_UPDATE.replace(b'version="1"', b'version="%s"' % (b"1" * 2000)), "be compared"),
        (_UPDATE.replace(b"collection>", b"other>"), "names no package"),
        (_UPDATE.replace(b'arch="x86_64"', b'arch="src"'), "names no package"),
    ],
)  # fmt: skip
def test_a_bad_update_costs_no_other(bad: bytes, why: str) -> None:
    before, refused, after = _updates(_UPDATE, bad, _UPDATE)
    assert isinstance(before, Advisory)
    assert isinstance(after, Advisory)
    assert isinstance(refused, Refused)
    assert why in refused.why


_GROUP = b'{"name":"AVG-1","packages":["a"],"status":"Fixed","fixed":"1-1"}'


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"1", "no group"),
        (_GROUP.replace(b"AVG-1", b"../AVG"), "its name"),
        (_GROUP.replace(b"Fixed", b"\\u001b[31m"), "its status"),
        (_GROUP.replace(b'"1-1"', b"null"), "its status"),
        (_GROUP.replace(b"1-1", b"1" * 2000), "1000"),
        (_GROUP.replace(b'["a"]', b'"a"'), "no group"),
    ],
)
def test_a_bad_group_costs_no_other(bad: bytes, why: str) -> None:
    raw = b"[" + b",".join((_GROUP, bad, _GROUP)) + b"]"
    before, refused, after = arch_tracker.advisories(raw, DEFAULT_LIMITS, _DAY)
    assert isinstance(before, Advisory)
    assert isinstance(after, Advisory)
    assert isinstance(refused, Refused)
    assert why in refused.why


@pytest.mark.parametrize("raw", [b"", b"{}", b"[" * 100_000, b"\xff", b"[1", b" " * 3_000])
def test_an_export_that_is_none_is_refused(raw: bytes) -> None:
    (refused,) = arch_tracker.advisories(raw, Limits(database_bytes=2_000), _DAY)
    assert isinstance(refused, Refused)


@given(st.binary(max_size=300))
def test_no_bytes_end_in_another_error(raw: bytes) -> None:
    for found in arch_tracker.advisories(raw, DEFAULT_LIMITS, _DAY):
        assert isinstance(found, Advisory | Refused)
    try:
        found_in_xml = _updates(_UPDATE[: len(raw)] + raw)
    except (DocumentError, LimitExceededError):
        return
    assert all(isinstance(one, Advisory | Refused) for one in found_in_xml)


_DEFINITIONS = b"""<oval_definitions><definitions>
<definition id="oval:com.microsoft.azurelinux:def:1">
<metadata><advisory_date>2026-01-20T21:31:32Z</advisory_date></metadata><criteria>%s</criteria>
</definition></definitions><rpminfo_test id="t"><object object_ref="o"/><state state_ref="s"/>
</rpminfo_test><rpminfo_object id="o"><name>a</name></rpminfo_object>
<rpminfo_state id="s"><evr operation="less than">1-1.azl3</evr></rpminfo_state>
</oval_definitions>"""


def _definitions(criteria: bytes) -> list[Advisory | Refused]:
    raw = _DEFINITIONS % criteria
    return list(oval.advisories(lambda: iter([raw]), DEFAULT_LIMITS))


def test_many_criteria_are_read_in_bounds() -> None:
    (found,) = _definitions(b'<criterion test_ref="t"/>' * 50_000)
    assert isinstance(found, Advisory)
    assert len(found.affected or ()) == 1
    with pytest.raises(LimitExceededError, match="xml elements"):
        _definitions(b'<criterion test_ref="t"/>' * 150_000)


@given(st.binary(max_size=100))
def test_no_criteria_end_in_another_error(raw: bytes) -> None:
    try:
        found = _definitions(raw)
    except (DocumentError, LimitExceededError):
        return
    assert all(isinstance(one, Advisory | Refused) for one in found)


_LISTED = b"""<repomd><data type="updateinfo"><checksum type="sha256">%s</checksum>
<location href="%s"/></data></repomd>"""


@pytest.mark.parametrize(
    "place",
    [
        b"http://x.example/a", b"//x.example/a", b"/etc/passwd", b"../a", b"repodata/../../a",
        b"a?b", b"a#b", b"a b", b"a%%2e", b"a&#10;b", b"", b"a" * 400,
    ],
)  # fmt: skip
def test_a_repository_lists_only_what_is_in_it(place: bytes) -> None:
    with pytest.raises(DocumentError, match="lists its advisories at"):
        repomd.updateinfo(_LISTED % (b"a" * 64, place))


@given(st.binary(max_size=120), st.binary(max_size=80))
def test_no_list_of_a_repository_ends_in_another_error(digest: bytes, place: bytes) -> None:
    for raw in (_LISTED % (digest, place), digest + place):
        assert _listed(raw).startswith(("sha256:", "sha512:", "no"))


def _listed(raw: bytes) -> str:
    try:
        return repomd.updateinfo(raw).digest
    except InputError:
        return "no"
