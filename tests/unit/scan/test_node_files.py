"""What Node's files say beside names and versions, and which package.json is a package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from catalogued import catalogued, told, wanting
from node_files import NODE_FILES, PACKAGE
from scanning import file, layer, scanned

from secure.facts.package import Package
from secure.images.entry import HARDLINK
from secure.images.write import NewFile
from secure.scan.cataloger import FileView
from secure.scan.formats.npm import repository_of
from secure.scan.layer_facts import Record

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LOCKS = [name for name in NODE_FILES if not name.endswith("/package.json")]
ORDINARY = json.dumps({"name": "a", "version": "1.0.0"})


def package(place: str, name: str, version: str) -> Package:
    packages, _ = catalogued(place, NODE_FILES[place][0])
    (found,) = (one for one in packages if (one.name, one.version) == (name, version))
    return found


def needs(place: str, name: str) -> tuple[tuple[str, ...], ...]:
    view = FileView(place.encode(), NODE_FILES[place][0].encode())
    found = [one for one in wanting(place).parse(view) if isinstance(one, Record)]
    (record,) = (one for one in found if one.package.name == name)
    return record.needs


@pytest.mark.parametrize("place", [name for name in LOCKS if name != "four/yarn.lock"])
def test_a_lock_file_gives_the_digest_of_the_archive(place: str) -> None:
    ((name, digits),) = package(place, "debug", "4.3.4").hashes
    assert (name, digits[:8]) == ("sha512", "3d15851e")


def test_pnpm_keeps_what_its_configuration_needs_in_a_document_of_its_own() -> None:
    document = "---\nlockfileVersion: '9.0'\npackages:\n  {}: {{}}\nsnapshots:\n  {}: {{}}\n"
    content = "".join(document.format(name, name) for name in ("is-number@7.0.0", "ms@2.1.2"))
    assert told(catalogued("pnpm-lock.yaml", content)[0]) == [
        "npm:is-number@7.0.0?",
        "npm:ms@2.1.2?",
    ]


def test_the_checksum_of_yarn_4_is_of_its_own_archive_and_not_told() -> None:
    packages, _ = catalogued("four/yarn.lock", NODE_FILES["four/yarn.lock"][0])
    assert {one.hashes for one in packages} == {()}


@pytest.mark.parametrize("place", LOCKS)
def test_a_package_names_what_it_needs(place: str) -> None:
    assert ("ms",) in needs(place, "debug")


def test_a_package_that_is_patched_or_resolved_twice_is_told_once() -> None:
    assert needs("four/yarn.lock", "fsevents") == (("node-gyp",),)
    assert needs("six/pnpm-lock.yaml", "debug") == (("ms",), ("supports-color",))


@pytest.mark.parametrize(
    ("place", "url"),
    [
        ("npm/package-lock.json", f"git+ssh://git@github.com/acme/forked.git@{COMMIT}"),
        ("one/yarn.lock", f"git+https://github.com/acme/forked.git@{COMMIT}"),
        ("four/yarn.lock", f"git+https://github.com/acme/forked.git@{COMMIT}"),
        ("nine/pnpm-lock.yaml", f"git+https://github.com/acme/forked.git@{COMMIT}"),
        ("six/pnpm-lock.yaml", f"git+https://github.com/acme/forked.git@{COMMIT}"),
    ],
)
def test_a_package_from_a_repository_says_so(place: str, url: str) -> None:
    assert package(place, "forked", "1.2.0").qualifiers == (("vcs_url", url),)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("github:a/b#c", ("git+https://github.com/a/b.git", "c")),
        ("git@gitlab.com:a/b.git#c", ("git+ssh://git@gitlab.com/a/b.git", "c")),
        ("git+https://user:token@x.example/b.git#c", ("git+https://x.example/b.git", "c")),
        ("https://registry.npmjs.org/ms/-/ms-2.0.0.tgz", ("", "")),
        ("npm:2.0.0", ("", "")),
        ("", ("", "")),
    ],
)
def test_what_is_a_repository(address: str, expected: tuple[str, str]) -> None:
    assert repository_of(address) == expected


def test_a_scope_is_part_of_the_name_that_others_need(tmp_path: Path) -> None:
    modules = "app/node_modules"
    made = {
        f"{modules}/@types/node": {"name": "@types/node", "version": "20.0.0"},
        f"{modules}/node": {"name": "node", "version": "18.0.0"},
        f"{modules}/a": {"name": "a", "version": "1.0.0", "dependencies": {"@types/node": "*"}},
        f"{modules}/b": {"name": "b", "version": "1.0.0", "dependencies": {"node": "*"}},
    }
    files = [file(f"{name}/package.json", json.dumps(said)) for name, said in made.items()]
    facts = scanned(tmp_path, [layer(*files)])
    assert {p.name: p.depends for p in facts.packages if p.name in "ab"} == {
        "a": ("@types/node",),
        "b": ("node",),
    }


def test_an_installed_package_tells_licences_of_any_age_and_its_author() -> None:
    (found,), _ = catalogued("a/node_modules/@acme/thing/package.json", PACKAGE)
    assert (found.namespace, found.licences) == ("@acme", ("MIT", "Apache-2.0"))
    assert (found.maintainer, found.homepage) == ("A. N. <a@x.example>", "https://x.example")
    assert [name for name, _ in found.hashes] == ["sha512"]
    assert not found.declared


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("app/node_modules/a/package.json", True),
        ("app/node_modules/@s/a/package.json", True),
        ("app/node_modules/b/node_modules/a/package.json", True),
        ("app/node_modules/.pnpm/a@1.0.0/node_modules/a/package.json", True),
        ("app/node_modules/test/node_modules/a/package.json", True),
        ("app/node_modules/@s/test/node_modules/a/package.json", True),
        ("app/node_modules/b/vendor/node_modules/a/package.json", True),
        ("usr/share/nodejs/a/package.json", True),
        ("usr/share/nodejs/b/node_modules/a/package.json", True),
        ("app/package.json", True),
        ("package.json", True),
        ("app/node_modules/a/dist/esm/package.json", False),
        ("app/node_modules/b/test/node_modules/a/package.json", False),
        ("app/node_modules/b/x/fixtures/node_modules/a/package.json", False),
        ("app/node_modules/.cache/package.json", False),
        ("usr/share/nodejs/a/lib/package.json", False),
        ("app/tests/a/package.json", False),
    ],
)
def test_which_package_json_is_a_package(place: str, expected: bool) -> None:
    packages, unreadable = catalogued(place, ORDINARY)
    assert told(packages) == (["npm:a@1.0.0"] if expected else [])
    assert unreadable == []


@pytest.mark.parametrize(
    "said",
    [
        {"type": "module"},
        {"name": "app", "version": "1.0.0", "private": True},
        {"name": "app"},
        {"name": "python", "version": "2024.1.0", "engines": {"vscode": "^1.80.0"}},
    ],
)
def test_what_npm_could_not_publish_is_no_package_of_its_own(said: dict[str, object]) -> None:
    assert catalogued("app/package.json", json.dumps(said)) == ([], [])


def test_an_installed_package_without_a_version_is_reported() -> None:
    packages, (why,) = catalogued("node_modules/a/package.json", '{"name": "a"}')
    assert packages == []
    assert why == '"a" has no version that can be known from this file'


@pytest.mark.parametrize(
    ("place", "content", "why"),
    [
        ("yarn.lock", "<<<<<<< HEAD\na@1:\n", "a line belongs to no package"),
        ("yarn.lock", '  version "1"\n', "a line belongs to no package"),
        ("yarn.lock", "__metadata:\n  version: [\n", "is no YAML"),
        ("package-lock.json", "[]", 'has neither "packages" nor "dependencies"'),
        ("pnpm-lock.yaml", "a: 1", 'has no "lockfileVersion"'),
        ("bun.lock", '{"a": 1,}', 'has neither "packages" nor "lockfileVersion"'),
    ],
)
def test_what_is_no_lock_file_is_reported(place: str, content: str, why: str) -> None:
    packages, reasons = catalogued(place, content)
    assert packages == []
    assert why in " ".join(reasons)


@pytest.mark.parametrize("place", ["package-lock.json", "bun.lock"])
def test_the_lock_file_of_a_project_without_dependencies_is_fine(place: str) -> None:
    assert catalogued(place, '{"name": "app", "lockfileVersion": 1}') == ([], [])


def test_package_jsons_that_are_too_large_are_named(tmp_path: Path) -> None:
    large = json.dumps({"name": "a", "version": "1.0.0", "readme": "x" * (1 << 20)})
    facts = scanned(tmp_path, [layer(file("node_modules/a/package.json", large))])
    assert facts.packages == ()
    assert [one.why.partition("; ")[2] for one in facts.unreadable] == ["at most 1048576 are read"]


@pytest.mark.parametrize("stored_first", [True, False])
def test_a_package_that_is_linked_to_the_store_of_pnpm_is_found(
    tmp_path: Path, stored_first: bool
) -> None:
    place = "usr/src/app/node_modules/.pnpm/a@1.0.0/node_modules/a/package.json"
    stored = f"root/store/v10/files/ad/{'1e' * 63}"
    first, second = (stored, place) if stored_first else (place, stored)
    link = NewFile(second.encode(), kind=HARDLINK, link=first.encode())
    facts = scanned(tmp_path, [layer(file(first, ORDINARY), link)])
    assert [(p.name, p.location.path) for p in facts.packages] == [("a", place)]
    assert facts.unreadable == ()


def test_a_link_to_what_was_not_read_is_reported(tmp_path: Path) -> None:
    link = NewFile(b"node_modules/a/package.json", kind=HARDLINK, link=b"srv/other")
    facts = scanned(tmp_path, [layer(file("srv/other", ORDINARY), link)])
    assert facts.packages == ()
    assert [one.path for one in facts.unreadable] == ["node_modules/a/package.json"]
