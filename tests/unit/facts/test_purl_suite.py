"""The package-url project's own test suite, in a compact form of ours: see purl_suite.json."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from secure.errors import DocumentError
from secure.facts.purl import Purl, fault, parse_purl, purl


class Case(msgspec.Struct, array_like=True, frozen=True):
    """One test: `wanted` is None where it has to fail."""

    file: str
    kind: str
    given: str | dict[str, str | dict[str, str]]
    wanted: str | dict[str, str | dict[str, str]] | None


class Suite(msgspec.Struct, frozen=True):
    notice: str
    cases: list[Case]


SUITE = msgspec.json.decode(
    Path(__file__).with_name("purl_suite.json").read_bytes(), type=Suite
).cases


# Three vectors contradict others of the same suite: capital letters in the name of a qualifier are
# read in "maven" and refused in "gem" and "rpm" (here: read), and a git repository's name keeps its
# case by the definition of the type.
OVERRULED = {
    ("parse", "pkg:gem/jruby-launcher@1.1.2?Platform=java"),
    ("parse", "pkg:Rpm/fedora/curl@7.50.3-1.fc25?Arch=i386&Distro=fedora-25"),
    ("validate", "pkg:git/github/Package-url/purl-Spec@244fd47e07d1004f0aed9c"),
}


def parts(given: object) -> Purl:
    return msgspec.convert({"type": "", "name": "", **msgspec.to_builtins(given)}, Purl)


def written(made: Purl) -> str:
    return purl(
        made.type,
        made.name,
        made.version,
        namespace=made.namespace,
        qualifiers=made.qualifiers,
        subpath=made.subpath,
    )


def of(kind: str, *, fails: bool = False) -> list[Case]:
    found = [
        case
        for case in SUITE
        if case.kind == kind and (case.wanted is None) == fails
        if not isinstance(case.given, str) or (kind, case.given) not in OVERRULED
    ]
    assert found
    return found


@pytest.mark.parametrize("case", of("parse"), ids=str)
def test_it_is_taken_apart(case: Case) -> None:
    assert isinstance(case.given, str)
    assert parse_purl(case.given) == parts(case.wanted)


@pytest.mark.parametrize("case", of("build"), ids=str)
def test_it_is_put_together(case: Case) -> None:
    made = parts(case.given)
    assert fault(made) == ""
    assert written(made) == case.wanted


@pytest.mark.parametrize("case", of("validate"), ids=str)
def test_it_is_brought_into_canonical_form(case: Case) -> None:
    assert isinstance(case.given, str)
    assert written(parse_purl(case.given)) == case.wanted


@pytest.mark.parametrize("case", of("parse", fails=True), ids=str)
def test_what_is_none_is_refused(case: Case) -> None:
    assert isinstance(case.given, str)
    with pytest.raises(DocumentError):
        parse_purl(case.given)


@pytest.mark.parametrize("case", of("build", fails=True), ids=str)
def test_parts_that_make_none_are_refused(case: Case) -> None:
    assert fault(parts(case.given)) != ""
