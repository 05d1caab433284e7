"""Laws: joining loses no place and repeats none, counts nothing twice, and ends after one time."""

from __future__ import annotations

from bills import package
from hypothesis import given
from hypothesis import strategies as st

from secure.facts.location import Location
from secure.facts.package import Package
from secure.scan.joined import joined
from secure.scan.packages import in_order


def made(name: str, place: str, layer: int, declared: bool) -> Package:
    return package("gem", name, "1", location=Location(place, layer), declared=declared)


PACKAGES = st.lists(
    st.builds(
        made, st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 2), st.booleans()
    ),
    max_size=12,
).map(in_order)


def places(packages: tuple[Package, ...]) -> set[tuple[str, Location]]:
    return {(one.purl, place) for one in packages for place in (one.location, *one.also_at)}


@given(PACKAGES)
def test_every_place_is_kept(packages: tuple[Package, ...]) -> None:
    assert places(joined(packages)) == places(packages)


@given(PACKAGES)
def test_what_is_declared_is_counted_only_where_nothing_is_installed(
    packages: tuple[Package, ...],
) -> None:
    found = joined(packages)
    installed = [one for one in packages if not one.declared]
    assert sum(not one.declared for one in found) == len(installed)
    only = {one.purl for one in packages} - {one.purl for one in installed}
    assert sorted(one.purl for one in found if one.declared) == sorted(only)


@given(PACKAGES)
def test_joining_twice_is_joining_once(packages: tuple[Package, ...]) -> None:
    assert joined(joined(packages)) == joined(packages)


@given(PACKAGES)
def test_the_order_stays(packages: tuple[Package, ...]) -> None:
    assert joined(packages) == in_order(joined(packages))
