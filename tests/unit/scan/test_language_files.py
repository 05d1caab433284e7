"""Each language's files, in the form its tool writes them, and what makes them different."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from catalogued import catalogued, told, wanting
from language_files import FILES
from scanning import file, layer, scanned
from web_files import GEMSPEC

from secure.facts.package import Package
from secure.facts.purl import fault, parse_purl
from secure.scan.cataloger import FileView, Wanted
from secure.scan.catalogers import CATALOGERS
from secure.scan.formats.repository import repository
from secure.scan.layer_facts import Record

GEMS = "usr/local/bundle/specifications"


def package(place: str, name: str) -> Package:
    packages, _ = catalogued(place, FILES[place][0])
    (found,) = (one for one in packages if one.name == name)
    return found


@pytest.mark.parametrize("place", FILES)
def test_a_file_says_what_its_tool_wrote(place: str) -> None:
    content, expected, reasons = FILES[place]
    packages, unreadable = catalogued(place, content)
    assert told(packages) == expected
    assert {p.found_by for p in packages} == {wanting(place).name}
    assert [why[: len(reason)] for why, reason in zip(unreadable, reasons, strict=True)] == reasons


def test_every_file_gives_valid_package_urls_that_say_where_they_are(tmp_path: Path) -> None:
    facts = scanned(tmp_path, [layer(*(file(name, said[0]) for name, said in FILES.items()))])
    places = [place.path for p in facts.packages for place in (p.location, *p.also_at)]
    assert len(places) == sum(len(said[1]) for said in FILES.values())
    assert [p.purl for p in facts.packages if fault(parse_purl(p.purl))] == []
    assert set(places) == set(FILES)


@pytest.mark.parametrize("place", FILES)
def test_line_ends_of_windows_change_nothing(place: str) -> None:
    content, expected, _ = FILES[place]
    assert told(catalogued(place, content.replace("\n", "\r\n"))[0]) == expected


@pytest.mark.parametrize("place", FILES)
def test_a_file_without_content_invents_nothing(place: str) -> None:
    assert catalogued(place, "")[0] == []


@pytest.mark.parametrize(
    ("place", "name", "hashes"),
    [
        ("src/mix.lock", "cowboy", (("sha256", "0123456789abcdef" * 4),)),
        ("src/rebar.lock", "cowlib", (("sha256", "0123456789abcdef" * 4),)),
        ("app/pubspec.lock", "args", (("sha256", "0123456789abcdef" * 4),)),
        ("app/Gemfile.lock", "racc", (("sha256", "0123456789abcdef" * 4),)),
        ("app/Gemfile.lock", "rails", ()),
        ("app/vendor/composer/installed.json", "monolog", (("sha1", "ab" * 20),)),
        ("app/vendor/composer/installed.json", "log", ()),
        (
            "opt/conda/conda-meta/numpy-1.26.0-py311h64a7726_0.json",
            "numpy",
            (("sha256", "0123456789abcdef" * 4), ("md5", "ab" * 16)),
        ),
    ],
)
def test_digests_of_whole_packages_are_kept(
    place: str, name: str, hashes: tuple[tuple[str, str], ...]
) -> None:
    assert package(place, name).hashes == hashes


@pytest.mark.parametrize("place", FILES)
def test_hash_algorithms_have_one_spelling_and_one_length(place: str) -> None:
    packages, _ = catalogued(place, FILES[place][0])
    lengths = {(name, len(digits)) for one in packages for name, digits in one.hashes}
    assert lengths <= {("md5", 32), ("sha1", 40), ("sha256", 64), ("sha384", 96), ("sha512", 128)}


@pytest.mark.parametrize(
    ("place", "name", "qualifiers"),
    [
        ("app/pubspec.lock", "ours", {"repository_url": "https://pub.acme.example"}),
        ("two/Manifest.toml", "JSON", {"uuid": "682c06a0-de6a-54ab-a142-c8b1cf79cde6"}),
        ("src/vcpkg_installed/vcpkg/status", "fmt", {"port_version": "2", "triplet": "x64-linux"}),
        ("src/vcpkg.json", "zlib", {"port_version": "1"}),
        ("two/conan.lock", "ours", {"channel": "stable"}),
        (
            "src/mix.lock",
            "fork",
            {"vcs_url": f"git+https://github.com/acme/fork.git@{'0123456789abcdef' * 2}01234567"},
        ),
        (f"{GEMS}/nokogiri-1.15.4-x86_64-linux.gemspec", "nokogiri", {"platform": "x86_64-linux"}),
        ("usr/lib/ruby/specifications/default/by-hand.gemspec", "by-hand", {"platform": "java"}),
        ("app/Gemfile.lock", "sqlite3", {"platform": "x86_64-linux"}),
        ("app/Gemfile.lock", "rails", {}),
        ("app/Gemfile.lock", "ours", {"repository_url": "https://gems.acme.example/"}),
        (
            "app/Gemfile.lock",
            "fork",
            {"vcs_url": f"git+https://github.com/acme/fork.git@{'0123456789abcdef' * 2}01234567"},
        ),
        ("app/vendor/composer/installed.json", "monolog", {}),
        (
            "app/composer.lock",
            "monolog",
            {
                "vcs_url": "git+https://github.com/Seldaek/monolog.git@"
                f"{'0123456789abcdef' * 2}01234567"
            },
        ),
        ("two/conan.lock", "zlib", {"rrev": "0123456789abcdef" * 2}),
        ("src/.github/workflows/ci.yml", "tool", {"repository_url": "ghcr.io"}),
        (
            "opt/conda/conda-meta/numpy-1.26.0-py311h64a7726_0.json",
            "numpy",
            {"build": "py311h64a7726_0", "channel": "conda-forge", "subdir": "linux-64"},
        ),
    ],
)
def test_what_a_package_url_needs_beside_the_version(
    place: str, name: str, qualifiers: dict[str, str]
) -> None:
    assert dict(package(place, name).qualifiers) == qualifiers


@pytest.mark.parametrize(
    ("place", "needs"),
    [
        ("usr/lib/R/site-library/jsonlite/DESCRIPTION", {"methods", "curl", "openssl"}),
        ("opt/conda/conda-meta/numpy-1.26.0-py311h64a7726_0.json", {"libblas", "python"}),
        ("opt/app/lib/cowboy-2.9.0/ebin/cowboy.app",
         {"kernel", "stdlib", "crypto", "cowlib", "ranch"}),
        ("usr/lib/luarocks/rocks-5.1/luasocket/3.1.0-1/luasocket-3.1.0-1.rockspec", {"compat53"}),
        ("src/vcpkg_installed/vcpkg/status", {"vcpkg-cmake", "zlib"}),
        (f"{GEMS}/nokogiri-1.15.4-x86_64-linux.gemspec", {"racc"}),
        ("usr/lib/ruby/specifications/default/by-hand.gemspec", {"racc"}),
    ],
)  # fmt: skip
def test_dependencies_of_installed_packages_are_kept(place: str, needs: set[str]) -> None:
    (found,) = wanting(place).parse(FileView(place.encode(), FILES[place][0].encode()))
    assert isinstance(found, Record)
    assert {name for names in found.needs for name in names} == needs


@pytest.mark.parametrize(
    ("place", "name", "needs"),
    [
        ("five/deno.lock", "debug", {"ms"}),
        ("three/deno.lock", "debug", {"ms"}),
        ("five/deno.lock", "react-dom", {"react"}),
        ("src/renv.lock", "markdown", {"R", "mime"}),
        ("src/manifest.toml", "wisp", {"gleam_stdlib"}),
        ("src/paket.lock", "Serilog", {"FSharp.Core"}),
        ("src/obj/project.assets.json", "Serilog.Sinks.Console", {"Serilog"}),
    ],
)
def test_dependencies_of_declared_packages_are_kept(place: str, name: str, needs: set[str]) -> None:
    found = wanting(place).parse(FileView(place.encode(), FILES[place][0].encode()))
    told = {one.package.name: one.needs for one in found if isinstance(one, Record)}
    assert {one for names in told[name] for one in names} == needs


@pytest.mark.parametrize(
    ("place", "licence"),
    [
        ("usr/lib/R/site-library/jsonlite/DESCRIPTION", "MIT + file LICENSE"),
        ("opt/conda/conda-meta/numpy-1.26.0-py311h64a7726_0.json", "BSD-3-Clause"),
        ("opt/ghc/lib/package.conf.d/text-2.0.2.conf", "BSD-2-Clause"),
        ("usr/lib/luarocks/rocks-5.1/luasocket/3.1.0-1/luasocket-3.1.0-1.rockspec", "MIT"),
        ("usr/lib/ruby/specifications/default/by-hand.gemspec", "MIT"),
        ("old/vendor/composer/installed.json", "MIT"),
        ("www/wp-content/plugins/akismet/akismet.php", "GPLv2 or later"),
        (
            "www/wp-content/themes/twentytwenty/style.css",
            "GNU General Public License v2 or later",
        ),
    ],
)
def test_declared_licences_are_kept(place: str, licence: str) -> None:
    (found,), _ = catalogued(place, FILES[place][0])
    assert found.licences == (licence,)


@pytest.mark.parametrize(
    ("place", "content", "why"),
    [
        ("mix.lock", "<<<<<<< HEAD\n", "line 1 is no entry"),
        ("mix.lock", '%{"a": {:hex, :a, nil}}', "line 1 has no version"),
        ("rebar.lock", "hello", "no Erlang term"),
        ("rebar.lock", '[{<<"a">>,{pkg,<<"a">>},0}].', '"a" has no version'),
        ("ebin/a.app", "{other, a, []}.", "no application resource file"),
        ("ebin/a.app", "{application, a, []}.", '"a" has no version'),
        ("pubspec.lock", "sdks: {}", 'has no "packages"'),
        ("pubspec.lock", "packages: {a: {source: hosted}}", '"a" has no version'),
        ("Package.resolved", "{}", 'has no "pins"'),
        ("Package.resolved", '{"pins": [{"identity": "x", "state": {}}]}', '"x" has no version'),
        ("Podfile.lock", "X: 1", 'has no "PODS"'),
        ("Podfile.lock", "PODS:\n  - Masonry\n", '"Masonry" has no version'),
        ("stack.yaml.lock", "packages: [{completed: {hackage: x}}]", "an entry has no name"),
        ("a/package.conf.d/x.conf", "name: x\n", '"x" has no version'),
        ("a/DESCRIPTION", "Package: x\nBuilt: R 4\n", '"x" has no version'),
        ("conda-meta/a.json", "{}", "an entry has no name"),
        ("conda-meta/a.json", '{"name": 1', "is no JSON"),
        ("a.rockspec", 'package = "x"\n', '"x" has no version'),
        ("paket.lock", "<html>", "is no lock file of Paket"),
        ("project.assets.json", "{}", 'has no "libraries"'),
        ("renv.lock", "{}", 'has no "Packages"'),
        ("deno.lock", "{}", 'has no "version"'),
        ("Manifest.toml", '[[X]]\npath = "x"\n', '"X" has no version'),
        ("conan.lock", "{}", "is no lock file of Conan"),
        ("conanfile.txt", "[requires]\nzlib/[>1.2 <2]\n", "names no exact version"),
        ("x/vcpkg/status", "Package: x\nStatus: install ok installed\n", '"x" has no version'),
        (".github/workflows/a.yml", "jobs: {a: {steps: [{uses: a/b}]}}", "names no exact version"),
        (".terraform.lock.hcl", 'provider "a/b/c" {\n}\n', '"c" has no version'),
        (".terraform.lock.hcl", "module x {\n", "line 1 is outside"),
        ("a/.opam-switch/switch-state", 'opam-version: "2.0"\n', 'no list "installed"'),
        ("a.opam.locked", 'depends: [\n"x" {>= "1"}\n]\n', '"x" has no version'),
        ("pack.pl", ":- module(x, []).\n", "an entry has no name"),
        ("etc/INSTALL_RECEIPT.json", "{}", "lies in no Cellar"),
        ("specifications/a.gemspec", "Gem::Specification.new", "an entry has no name"),
        ("specifications/a.gemspec", 's.name = "a"\n', '"a" has no version'),
        ("Gemfile.lock", "hello", "has no section"),
        ("Gemfile.lock", "\n", "has no section"),
        ("Gemfile.lock", "GEM\n  specs:\n<<<<<<< HEAD\n", "line 3 is none of a lock file"),
        ("Gemfile.lock", "GEM\n  specs:\n    a\n", '"a" has no version'),
        ("composer.lock", "[]", 'has no "packages"'),
        ("composer.lock", '{"packages": [{"name": "a/b"}]}', '"b" has no version'),
        ("vendor/composer/installed.json", "{}", 'has no "packages"'),
        ("vendor/composer/installed.json", '[{"name": "b", "version": "1"}]', '"b" has no vendor'),
        ("wp-content/plugins/a/a.php", "<?php // Plugin Name: A", '"a" has no version'),
        ("www/wp-includes/version.php", "<?php", '"wordpress" has no version'),
    ],
)
def test_what_can_not_be_told_is_said(place: str, content: str, why: str) -> None:
    packages, (reason,) = catalogued(place, content)
    assert packages == []
    assert why in reason


def test_the_source_of_an_r_package_is_declared_and_other_descriptions_are_not_ours() -> None:
    assert told(catalogued("a/DESCRIPTION", "Package: x\nVersion: 1\n")[0]) == ["cran:x@1?"]
    assert catalogued("a/DESCRIPTION", "Some words: about a repository\n") == ([], [])


def test_composite_actions_and_their_images_are_read() -> None:
    steps = "runs: {using: composite, steps: [{uses: a/b@v1}]}"
    assert told(catalogued("x/action.yml", steps)[0]) == ["github:a/b@v1?"]
    image = "runs: {using: docker, image: 'docker://r.example:5000/a/b@sha256:" + "0" * 64 + "'}"
    (found,), _ = catalogued("x/action.yaml", image)
    assert (found.namespace, found.name, found.version) == ("a", "b", "sha256:" + "0" * 64)
    assert found.qualifiers == (("repository_url", "r.example:5000"),)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/a/b.git", ("github.com/a", "b")),
        ("https://user@GitHub.com:8443/a/b/", ("github.com/a", "b")),
        ("git@github.com:a/b.git", ("github.com/a", "b")),
        ("ssh://git@host/a/b/c", ("host/a/b", "c")),
        ("https://github.com/", ("", "")),
        ("../local", ("", "")),
        ("", ("", "")),
    ],
)
def test_addresses_of_repositories(url: str, expected: tuple[str, str]) -> None:
    assert repository(url) == expected


@pytest.mark.parametrize(
    "name",
    [
        "usr/bin/opam", "x/a.app", "ebin/sub/a.app", "workflows/ci.yml", "x.github/workflows/a.yml",
        "meta/a.json", "vcpkg/ports/status", "etc/x.conf", "mix.lock.bak", "Cellar/a/1/x.json",
    ],
)  # fmt: skip
def test_files_that_only_look_alike_are_nobodys(name: str) -> None:
    assert Wanted(CATALOGERS).cataloger(name.encode()) is None


def test_a_gem_names_its_authors_and_its_page_and_no_gem_for_development() -> None:
    (found,), _ = catalogued(f"{GEMS}/x.gemspec", GEMSPEC)
    assert (found.maintainer, found.homepage) == ("Mike D., Akira N.", "https://nokogiri.org")
    assert found.licences == ("MIT", "Apache-2.0")


def test_a_package_of_composer_stands_in_for_what_it_provides(tmp_path: Path) -> None:
    wants = {"name": "a/a", "version": "1", "require": {"psr/log-implementation": "*", "php": "8"}}
    gives = {"name": "b/b", "version": "2", "provide": {"PSR/log-implementation": "*"}}
    lock = json.dumps({"packages": [wants, gives]})
    facts = scanned(tmp_path, [layer(file("srv/composer.lock", lock))])
    assert [(p.name, p.depends) for p in facts.packages] == [("a", ("b/b",)), ("b", ())]


@pytest.mark.parametrize(
    ("place", "content"),
    [
        ("wp-content/plugins/a/inc.php", "<?php // Version: 1"),
        ("wp-content/plugins/a/far.php", "x" * 8192 + "\nPlugin Name: x\nVersion: 1"),
        ("wp-content/themes/a/style-rtl.css", "/*\nTheme Name: a\nVersion: 1 */"),
        ("wp-content/themes/a/style.css", "body { color: red }"),
    ],
)
def test_only_the_main_file_of_a_plugin_or_theme_speaks(place: str, content: str) -> None:
    assert catalogued(place, content) == ([], [])


def test_wordpress_is_known_by_its_cpe() -> None:
    (found,), _ = catalogued("www/wp-includes/version.php", FILES["www/wp-includes/version.php"][0])
    assert found.cpe == "cpe:2.3:a:wordpress:wordpress:6.3.1:*:*:*:*:*:*:*"


@pytest.mark.parametrize("place", FILES)
def test_no_password_in_an_address_is_told(place: str) -> None:
    # Word for word wherever an address stands, so that each format meets one.
    content = re.sub(r"(https?|ssh)://(?:[\w:]+@)?", r"\1://reader:hunter2@", FILES[place][0])
    packages, _ = catalogued(place, content)
    assert [repr(one) for one in packages if "hunter2" in str(one.qualifiers)] == []
