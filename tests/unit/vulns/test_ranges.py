"""What is affected, as OSV's "Evaluation" has it, and what is said where it cannot be told."""

from __future__ import annotations

import pytest

from secure.vulns.osv import Affected, Event, Package, Range
from secure.vulns.ranges import Judged, State, judge

_NPM = Package("npm", "left-pad")


def _events(text: str) -> tuple[Event, ...]:
    """ "introduced 0 fixed 2" as events."""
    words = text.split()
    return tuple(
        Event(**{kind: version}) for kind, version in zip(words[::2], words[1::2], strict=True)
    )


def _range(text: str, kind: str = "SEMVER") -> Range:
    return Range(kind, _events(text))


def _affected(*ranges: str, versions: tuple[str, ...] = (), package: Package = _NPM) -> Affected:
    return Affected(package, tuple(map(_range, ranges)), versions)


@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        ("introduced 0 fixed 2.0.0", "0.0.0-0 1.9.9 2.0.0-rc.1", "2.0.0 3.0.0"),
        ("introduced 1.0.0 fixed 2.0.0", "1.0.0 1.5.0", "0.9.0 1.0.0-rc.1 2.0.0"),
        ("introduced 1.0.0 last_affected 2.0.0", "1.0.0 2.0.0", "2.0.1 0.1.0"),
        ("introduced 1.0.0 last_affected 1.0.0", "1.0.0", "1.0.1 0.9.9"),
        ("introduced 1.0.0", "1.0.0 99.0.0", "0.9.9"),
        ("fixed 2.0.0 introduced 1.0.0", "1.0.0 1.9.9", "2.0.0"),
        ("introduced 1.0.0 fixed 1.2.0 introduced 2.0.0 fixed 2.3.0", "1.1.0 2.2.0", "1.2.0 2.3.0"),
        ("introduced 0 fixed 1.0.0 introduced 1.0.0 fixed 2.0.0", "1.0.0 1.5.0", "2.0.0"),
        ("introduced 1.0.0 fixed 1.0.0", "", "0.1.0 1.0.0 2.0.0"),
        ("introduced 0 limit 2.0.0", "1.0.0", "2.0.0 3.0.0"),
        ("introduced 0 limit 2.0.0 limit 3.0.0", "2.5.0", "3.0.0"),
        ("introduced 0 fixed 5.0.0 limit *", "4.0.0", "5.0.0"),
    ],
)
def test_a_range_holds_what_its_events_say(events: str, inside: str, outside: str) -> None:
    affected = _affected(events)
    for version in inside.split():
        assert judge(affected, version).state is State.AFFECTED, version
    for version in outside.split():
        assert judge(affected, version).state is State.NOT_AFFECTED, version


def test_two_events_in_one_object_are_two_bounds() -> None:
    affected = Affected(_NPM, (Range("SEMVER", (Event(introduced="1.0.0", fixed="2.0.0"),)),))
    assert judge(affected, "1.5.0").state is State.AFFECTED
    assert judge(affected, "2.0.0").state is State.NOT_AFFECTED


def test_one_of_several_ranges_is_enough() -> None:
    affected = _affected("introduced 1.0.0 fixed 1.1.0", "introduced 2.0.0 fixed 2.1.0")
    assert judge(affected, "2.0.5").state is State.AFFECTED
    assert judge(affected, "1.5.0") == Judged(State.NOT_AFFECTED, "outside of every range")


def test_the_answer_names_the_comparison_and_the_fix() -> None:
    assert judge(_affected("introduced 1.0.0 fixed 1.2.0"), "1.1.0") == Judged(
        State.AFFECTED, '"1.1.0" is from "1.0.0" on and before "1.2.0", which fixes it', "1.2.0"
    )
    assert judge(_affected("introduced 0"), "1.1.0") == Judged(
        State.AFFECTED, '"1.1.0" is from "0" on; no version fixes it'
    )
    assert judge(_affected("introduced 0 fixed 1.0.0"), "1.1.0") == Judged(
        State.NOT_AFFECTED, '"1.1.0" is not before "1.0.0", which fixes it'
    )


def test_a_listed_version_is_affected_whatever_the_ranges_say() -> None:
    affected = _affected("introduced 0 fixed 1.0.0", versions=("3.0.0",))
    assert judge(affected, "3.0.0") == Judged(State.AFFECTED, '"3.0.0" is listed')


def test_another_spelling_of_a_listed_version_is_the_same_where_nothing_else_tells() -> None:
    affected = Affected(Package("PyPI", "wheel"), (), ("1.0", "1.1"))
    assert judge(affected, "1.0.0") == Judged(State.AFFECTED, '"1.0.0" is listed as "1.0"')
    assert judge(affected, "1.2").state is State.NOT_AFFECTED


def test_commits_are_not_evaluated_and_that_is_said() -> None:
    git = Range("GIT", _events("introduced 0 fixed c0ffee"), "https://example.org/r")
    assert judge(Affected(_NPM, (git,)), "1.0.0") == Judged(
        State.NOT_CHECKED, "ranges of type GIT are not evaluated"
    )
    assert judge(Affected(_NPM, (git,), ("1.0.0",)), "1.0.0").state is State.AFFECTED
    assert judge(Affected(_NPM, (git,), ("1.0.0",)), "2.0.0").state is State.NOT_AFFECTED


@pytest.mark.parametrize(
    ("affected", "version", "reason"),
    [
        (_affected("introduced 0"), "latest", '"latest" is no semantic version'),
        (_affected("introduced 0 fixed next"), "1.0.0", '"next" is no semantic version'),
        (_affected("fixed 1.0.0"), "0.1.0", "does not say where it begins"),
        (Affected(_NPM, (Range("SEMVER", (Event(),)),)), "1.0.0", "not known here"),
        (Affected(_NPM), "1.0.0", "neither versions nor ranges"),
        (Affected(Package("Android", "x"), (_range("introduced 0", "ECOSYSTEM"),)), "1", "Android"),
    ],
)
def test_what_cannot_be_compared_is_not_checked(
    affected: Affected, version: str, reason: str
) -> None:
    found = judge(affected, version)
    assert found.state is State.NOT_CHECKED
    assert reason in found.because


def test_an_affected_range_wins_over_one_that_cannot_be_compared() -> None:
    affected = _affected("introduced 0 fixed next", "introduced 0 fixed 2.0.0")
    assert judge(affected, "1.0.0").state is State.AFFECTED
    assert judge(affected, "3.0.0").state is State.NOT_CHECKED


def test_a_semver_range_is_ordered_as_semver_whatever_the_ecosystem() -> None:
    affected = _affected("introduced 0 fixed 1.10.0", package=Package("Drupal", "x"))
    assert judge(affected, "1.9.0").state is State.AFFECTED


def test_the_ecosystem_orders_its_own_ranges() -> None:
    debian = Affected(
        Package("Debian:12", "openssl"),
        (Range("ECOSYSTEM", _events("introduced 0 fixed 3.0.11-1~deb12u2")),),
    )
    assert judge(debian, "3.0.11-1~deb12u1").fixed == "3.0.11-1~deb12u2"
    assert judge(debian, "1:1.0").state is State.NOT_AFFECTED
