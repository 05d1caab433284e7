"""Every comparison in shared/data/versions holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from version_oracles import sign

from secure.vulns.versions import apk, npm_range, pep440
from secure.vulns.versions.order import key
from secure.vulns.versions.unorderable import Unorderable

_OPERATORS = {"<": -1, "=": 0, ">": 1}
_ECOSYSTEMS = {
    "apk": "Alpine:v3.20", "composer": "Packagist", "cran": "CRAN", "deb": "Debian:12",
    "gem": "RubyGems", "hackage": "Hackage", "maven": "Maven", "nuget": "NuGet", "pep440": "PyPI",
    "pep440-legacy": "PyPI", "pub": "Pub", "rpm": "AlmaLinux:9", "semver": "npm",
}  # fmt: skip
# Not comparisons of two versions: see the tests at the end.
_OTHERS = {"apk-op", "apk-valid", "pep440-specifiers", "semver-npm-ranges"}


def _vectors(shared: Path, name: str) -> list[tuple[str, str, str]]:
    lines = (shared / "versions" / f"{name}.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [(a, op, b) for a, op, b, _ in (line.split("\t") for line in lines)]


def _wrong(ecosystem: str, vectors: list[tuple[str, str, str]]) -> list[str]:
    keys = [(key(ecosystem, a), op, key(ecosystem, b), f"{a} {op} {b}") for a, op, b in vectors]
    return [
        told
        for a, op, b, told in keys
        if isinstance(a, Unorderable) or isinstance(b, Unorderable) or sign(a, b) != _OPERATORS[op]
    ]


def test_every_file_of_comparisons_is_asked(shared: Path) -> None:
    names = {file.stem for file in (shared / "versions").glob("*.tsv")}
    assert names == set(_ECOSYSTEMS) | _OTHERS


@pytest.mark.parametrize("name", sorted(_ECOSYSTEMS))
def test_versions_compare_as_their_ecosystem_says(shared: Path, name: str) -> None:
    # PHP takes "#" for any number, which orders nothing: 1.2.3 = 1.2.3.# = 1.2.3.1 > 1.2.3.
    vectors = [vector for vector in _vectors(shared, name) if "#" not in vector[0] + vector[2]]
    assert vectors
    assert _wrong(_ECOSYSTEMS[name], vectors) == []


def test_php_has_no_order_where_a_hash_stands_for_a_number(shared: Path) -> None:
    refused = [vector for vector in _vectors(shared, "composer") if "#" in vector[0] + vector[2]]
    assert len(refused) == 4
    assert _wrong("Packagist", refused) == [f"{a} {op} {b}" for a, op, b in refused]


def test_a_fuzzy_match_of_apk_is_a_common_beginning_of_keys(shared: Path) -> None:
    for a, op, b in _vectors(shared, "apk-op"):
        if a.startswith("0.1_pre2"):
            continue  # see below
        left, right = key("Alpine", a), key("Alpine", b)
        assert isinstance(left, str)
        assert isinstance(right, str)
        assert left.startswith(right[:-1]) is (op == "~"), f"{a} {op} {b}"


def test_apk_takes_for_a_version_what_it_should(shared: Path) -> None:
    cases = [(version, op == "valid") for version, op, _ in _vectors(shared, "apk-valid")]
    # "a ~ b" is one version here, with the hash of a commit.
    cases += [
        (f"{a}~{b}", op == "~")
        for a, op, b in _vectors(shared, "apk-op")
        if a.startswith("0.1_pre2")
    ]
    assert [
        (version, valid) for version, valid in cases if apk.is_valid(version) is not valid
    ] == []


@pytest.mark.parametrize(
    ("name", "contains"),
    [("semver-npm-ranges", npm_range.contains), ("pep440-specifiers", pep440.contains)],
)
def test_ranges_hold_what_their_ecosystem_says(
    shared: Path, name: str, contains: Callable[[str, str], bool | Unorderable]
) -> None:
    lines = (shared / "versions" / f"{name}.tsv").read_text(encoding="utf-8").splitlines()[1:]
    answers = {True: "in", False: "out"}
    wrong = []
    for version, expected, text in (line.split("\t") for line in lines):
        told = contains(text, version)
        found = "invalid-range" if isinstance(told, Unorderable) else answers[told]
        wrong += [f"{version} {found} {text}"] if found != expected else []
    assert len(lines) > 500
    assert wrong == []
