"""Patterns of names: which file, or which directory, belongs to which cataloger."""

from __future__ import annotations

import pytest

from secure.scan.cataloger import Cataloger, Wanted
from secure.scan.catalogers import CATALOGERS


def wanted(*patterns: str, database: bool = True) -> Wanted:
    one = Cataloger("one", 1, patterns, 1, lambda _: iter(()), database)
    return Wanted((one,))


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("a/b", b"a/b", True),
        ("a/b", b"x/a/b", False),
        ("a/*", b"a/anything", True),
        ("a/*", b"a/b/c", False),
        ("a/*/c", b"a/b/c", True),
        ("a/*/c", b"a/c", False),
        ("a/*/c", b"a/b/x/c", False),
        ("a/*/c", b"x/a/b/c", False),
        ("a/*/*/c/d", b"a/1/2/c/d", True),
        ("a/*/*/c/d", b"a/1/2/x/d", False),
        ("*.x/N", b"deep/a.x/N", True),
        ("*/N", b"deep/N", True),
        ("*.x", b"deep/a.x", True),
        ("*/f/*.x", b"deep/f/a.x", True),
        ("*/f/*.x", b"deep/g/a.x", False),
        ("*/f/*.x", b"f/a.x", True),
        ("*/f/*.x", b"deep/ff/a.x", False),
        ("*/f/*.x", b"a.x", False),
        ("*/n*.x", b"deep/n.x", True),
        ("*/n*.x", b"n-1.y.x", True),
        ("*/n*.x", b"n/a.x", False),
        ("*/n*.x", b"deep/an.x", False),
        ("*/a.*.x", b"deep/a.x", False),
        ("*/a.*.x", b"deep/a.b.x", True),
        ("*/f/g/*/*.x", b"deep/f/g/any/a.x", True),
        ("*/f/g/*/*.x", b"f/g/any/a.x", True),
        ("*/f/g/*/*.x", b"deep/f/g/a.x", False),
        ("*/f/g/*/*.x", b"deep/f/g/any/h/a.x", False),
    ],
)
def test_a_pattern_fits_these_files(pattern: str, name: bytes, expected: bool) -> None:
    assert (wanted(pattern).cataloger(name) is not None) == expected


@pytest.mark.parametrize(
    ("project", "package"),
    [
        ("srv/app/package-lock.json", "srv/app/node_modules/ajv/package-lock.json"),
        ("srv/app/yarn.lock", "srv/app/node_modules/uri-js/yarn.lock"),
        ("pnpm-lock.yaml", "usr/share/nodejs/nanoid/pnpm-lock.yaml"),
        ("app/bun.lock", "app/node_modules/@a/b/bun.lock"),
        ("app/requirements.txt", "usr/lib/python3/dist-packages/x/requirements.txt"),
        ("opt/venv/uv.lock", "opt/venv/lib/python3.12/site-packages/x/tests/uv.lock"),
        ("app/Gemfile.lock", "usr/local/bundle/gems/x-1.0/Gemfile.lock"),
        ("src/Cargo.lock", "root/.cargo/registry/src/index.crates.io-6f17/x-1.0.0/Cargo.lock"),
        ("src/go.mod", "go/pkg/mod/github.com/x/y@v1.0.0/go.mod"),
        ("var/www/composer.lock", "var/www/vendor/symfony/console/composer.lock"),
        ("src/.github/workflows/ci.yml", "srv/app/node_modules/x/.github/workflows/ci.yml"),
    ],
)
def test_what_makers_of_an_installed_package_work_with_is_not_read(
    project: str, package: str
) -> None:
    everyone = Wanted(CATALOGERS)
    assert everyone.cataloger(project.encode()) is not None
    assert everyone.cataloger(package.encode()) is None


@pytest.mark.parametrize(
    "name",
    [
        "srv/app/node_modules/ajv/package.json",  # the package itself
        "site-packages/jupyterlab/staging/yarn.lock",  # what a Python package brings of Node's
        "srv/node_modules_of_mine/yarn.lock",
        "node_modules/yarn.lock",
    ],
)
def test_everything_else_below_installed_packages_is_read(name: str) -> None:
    assert Wanted(CATALOGERS).cataloger(name.encode()) is not None


def test_of_patterns_with_a_star_in_the_name_the_longest_speaks() -> None:
    long, short = (
        Cataloger(pattern, 1, (pattern,), 1, lambda _: iter(())) for pattern in ("*/f/*.x", "*.x")
    )
    for both in (Wanted((long, short)), Wanted((short, long))):
        assert both.cataloger(b"f/a.x") is long
        assert both.cataloger(b"g/a.x") is short


def test_a_pattern_with_a_slash_at_its_end_fits_directories_only() -> None:
    store = wanted("nix/store/*/")
    assert store.directory(b"nix/store/a") is not None
    assert store.directory(b"nix/store") is None
    assert store.directory(b"nix/store/a/b") is None
    assert store.cataloger(b"nix/store/a") is None


def test_databases_in_any_directory_of_a_place_can_be_hidden_by_a_link() -> None:
    assert list(wanted("a/*/c").databases()) == [b"a/any/c"]
    assert list(wanted("a/*/c", database=False).databases()) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"var/lib/rpm/rpmdb.sqlite", "rpm-db"),
        (b"usr/lib/sysimage/rpm/Packages.db", "rpm-db"),
        (b"usr/share/rpm/Packages", "rpm-db"),
        (b"var/lib/rpmmanifest/container-manifest-2", "rpm-manifest"),
        (b"var/lib/pacman/local/a-1-1/desc", "pacman-db"),
        (b"var/lib/pacman/sync/a-1-1/desc", None),
        (b"var/db/pkg/app-shells/bash-5/PF", "portage-db"),
        (b"usr/lib/opkg/status", "opkg-db"),
        (b"snap/core/1/meta/snap.yaml", "snap"),
        (b"var/lib/flatpak/app/a/x86_64/stable/1/metadata", "flatpak"),
        (b"usr/share/doc/a/copyright", "dpkg-copyright"),
        (b"usr/share/doc/a/b/copyright", None),
        (b"var/lib/apt/extended_states", "apt-states"),
    ],
)
def test_a_file_of_a_system_goes_to_its_cataloger(name: bytes, expected: str | None) -> None:
    found = Wanted(CATALOGERS).cataloger(name)
    assert (found.name if found else None) == expected
