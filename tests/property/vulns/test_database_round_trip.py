"""Law: what goes into a database comes out of it, and answers for every version as it did."""

from __future__ import annotations

from pathlib import Path

import pytest
from advisory_feeds import built, feed
from hypothesis import given, settings
from hypothesis import strategies as st

from secure.vulns.compact import evaluate
from secure.vulns.database import open_database
from secure.vulns.osv import Advisory, Affected, Event, Package, Range
from secure.vulns.ranges import judge
from secure.vulns.spelling import usual

_VERSIONS = ("0", "0.9", "1.0", "1.0.1", "1.2~rc1", "1.2", "1.10", "2:1.0", "3", "x y")
_EVENTS = st.builds(
    lambda kind, version: Event(**{kind: version}),
    st.sampled_from(["introduced", "fixed", "last_affected"]),
    st.sampled_from(_VERSIONS),
)
_RANGES = st.builds(Range, st.just("ECOSYSTEM"), st.lists(_EVENTS, max_size=4).map(tuple))
_PACKAGES = st.builds(
    Package,
    st.sampled_from(["Debian:12", "AlmaLinux:9", "PyPI", "npm", "Unheard of"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
)
_AFFECTED = st.builds(
    Affected,
    _PACKAGES,
    st.lists(_RANGES, max_size=2).map(tuple),
    st.lists(st.sampled_from(_VERSIONS), max_size=3).map(tuple),
)


@settings(max_examples=40)
@given(st.lists(st.lists(_AFFECTED, max_size=3).map(tuple), max_size=6))
def test_a_database_answers_as_its_records(
    tmp_path_factory: pytest.TempPathFactory, all_affected: list[tuple[Affected, ...]]
) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "round-trip.db"
    records = [
        Advisory(f"A-{number}", "2024-01-01T00:00:00Z", affected=affected)
        for number, affected in enumerate(all_affected)
    ]
    built(path, feed(*records))
    expected: dict[tuple[str, str, int], list[list[str]]] = {}
    for number, record in enumerate(records, start=1):
        for one in record.affected or ():
            assert one.package is not None
            place = one.package.ecosystem, usual(one.package.ecosystem, one.package.name), number
            expected.setdefault(place, []).append([judge(one, v).state.value for v in _VERSIONS])
    with open_database(str(path)) as found:
        for (ecosystem, name, number), states in expected.items():
            answers = [
                [evaluate(one, ecosystem, version).state.value for version in _VERSIONS]
                for one in found.affected(ecosystem, name)
                if one.number == number
            ]
            assert sorted(answers) == sorted(states)
            assert found.advisory(number).id == f"A-{number - 1}"
