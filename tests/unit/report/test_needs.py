"""Which package of a name another one gets: the one that its language would load."""

from __future__ import annotations

import pytest

from secure.facts.location import Location
from secure.facts.package import Package
from secure.report.needs import needs_of


def package(
    kind: str, name: str, version: str, path: str, *needs: str, declared: bool = False
) -> Package:
    scope, _, bare = name.rpartition("/")
    return Package(
        kind, bare, version, Location(path, 0), "x", namespace=scope, depends=needs,
        purl=f"{name}@{version}", declared=declared,
    )  # fmt: skip


def node(name: str, version: str, folder: str, *needs: str) -> Package:
    return package("npm", name, version, f"{folder}/package.json", *needs)


def graph(*packages: Package) -> dict[str, tuple[str, ...]]:
    found = needs_of(packages, [one.purl for one in packages])
    return {one.purl: needs for one, needs in zip(packages, found, strict=True) if needs}


def test_node_looks_through_the_folders_above() -> None:
    assert graph(
        node("ms", "2.0.0", "app/node_modules/ms"),
        node("ms", "2.1.2", "app/node_modules/debug/node_modules/ms"),
        node("debug", "4.3.4", "app/node_modules/debug", "ms"),
        node("send", "0.18.0", "app/node_modules/send", "ms"),
        node("w", "1.0.0", "packages/w", "ms"),
    ) == {"debug@4.3.4": ("ms@2.1.2",), "send@0.18.0": ("ms@2.0.0",)}


def test_a_scope_is_part_of_the_name() -> None:
    assert graph(
        node("@types/ms", "0.7.0", "node_modules/@types/ms"),
        node("ms", "2.0.0", "node_modules/ms"),
        node("a", "1.0.0", "node_modules/a", "ms", "@types/ms"),
    ) == {"a@1.0.0": ("@types/ms@0.7.0", "ms@2.0.0")}


def test_a_package_under_an_alias_is_not_found_by_its_name() -> None:
    assert graph(
        node("is-number", "6.0.0", "node_modules/is-number"),
        node("is-number", "7.0.0", "node_modules/num"),
        node("is-odd", "3.0.1", "node_modules/is-odd", "is-number"),
    ) == {"is-odd@3.0.1": ("is-number@6.0.0",)}


def test_python_finds_what_lies_in_the_same_environment() -> None:
    assert graph(
        *(
            package(
                "pypi", name, version, f"{venv}/site-packages/{name}-1.dist-info/METADATA", *needs
            )
            for venv, version in (("opt/a", "1"), ("opt/b", "2"))
            for name, needs in (("x", ("y",)), ("y", ()))
        )
    ) == {"x@1": ("y@1",), "x@2": ("y@2",)}


@pytest.mark.parametrize("kind", ["npm", "pypi", "cargo"])
def test_of_two_versions_in_one_lock_file_none_is_told(kind: str) -> None:
    packages = [
        package(kind, name, version, "app/lock", *needs, declared=True)
        for name, version, needs in (("a", "1", ("b",)), ("b", "1", ()), ("b", "2", ()))
    ]
    assert graph(*packages) == {}
    assert graph(*packages[:2]) == {"a@1": ("b@1",)}


def test_two_versions_in_two_lock_files_are_told_apart() -> None:
    assert graph(
        *(
            package("cargo", name, version, f"{version}/Cargo.lock", *needs, declared=True)
            for version in "12"
            for name, needs in (("a", ("b",)), ("b", ()))
        )
    ) == {"a@1": ("b@1",), "a@2": ("b@2",)}


def test_a_system_has_one_place_for_all() -> None:
    assert graph(
        package("rpm", "kernel", "6.1", "var/lib/rpm/rpmdb.sqlite"),
        package("rpm", "kernel", "6.2", "var/lib/rpm/rpmdb.sqlite"),
        package("rpm", "module", "1", "var/lib/rpm/rpmdb.sqlite", "kernel"),
    ) == {"module@1": ("kernel@6.1",)}
