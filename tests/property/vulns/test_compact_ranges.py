"""Law: the form that the database keeps answers as the record does, for every version."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from secure.vulns.compact import compact, evaluate
from secure.vulns.osv import Affected, Event, Package, Range
from secure.vulns.ranges import judge

_VERSIONS = st.sampled_from(
    ["0.5.0", "1.0.0-rc.1", "1.0.0", "1.2.0", "1.10.0", "2.0.0", "2.0.0-a", "3.1.4", "no version"]
)
_ECOSYSTEMS = st.sampled_from(["npm", "PyPI", "Debian:12", "Go", "Unheard of", "RubyGems"])
_KINDS = st.sampled_from(["introduced", "introduced", "fixed", "last_affected", "limit"])


@st.composite
def _events(draw: st.DrawFn) -> Event:
    kind = draw(_KINDS)
    version = draw(st.one_of(_VERSIONS, st.just("0")))
    return Event(**{kind: version})


_RANGES = st.builds(
    Range,
    st.sampled_from(["SEMVER", "ECOSYSTEM", "ECOSYSTEM", "GIT"]),
    st.lists(_events(), min_size=1, max_size=6).map(tuple),
)


@given(
    _ECOSYSTEMS,
    st.lists(_RANGES, max_size=3).map(tuple),
    st.lists(_VERSIONS, max_size=3).map(tuple),
    _VERSIONS,
)
def test_the_compact_form_answers_as_the_record(
    ecosystem: str, ranges: tuple[Range, ...], versions: tuple[str, ...], version: str
) -> None:
    record = Affected(Package(ecosystem, "left-pad"), ranges, versions)
    expected, found = judge(record, version), evaluate(compact(1, record), ecosystem, version)
    assert found.state is expected.state
    if len(ranges) == 1 and not any(event.limit for event in ranges[0].events):
        assert found.fixed == expected.fixed or version in versions
