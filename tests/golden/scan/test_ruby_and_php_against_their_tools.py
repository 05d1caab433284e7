"""Gems and packages of Composer: the lists of `gem`, `bundle` and `composer` are the oracle.

The tools come as Debian's archives and run from the folder they are unpacked in.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from catalogued import catalogued
from scanning import NOW, cache_folder
from web_files import GEMFILE

from secure.facts.image import ImageFacts
from secure.facts.location import Location
from secure.images.source import open_image
from secure.scan.image import scan_image

RUBY = (
    "ruby{0}", "libruby{0}", "ruby-rubygems", "ruby-bundler", "bundler", "ruby-webrick",
    "ruby-xmlrpc", "ruby-net-telnet", "rake", "libyaml-0-2",
)  # fmt: skip
PHP = (
    "php{0}-cli", "php{0}-common", "php{0}-mbstring", "php{0}-intl", "composer", "jsonlint",
    *(f"php-composer-{name}" for name in (
        "ca-bundle", "class-map-generator", "metadata-minifier", "pcre", "semver", "spdx-licenses",
        "xdebug-handler",
    )),
    *(f"php-symfony-{name}" for name in (
        "console", "deprecation-contracts", "filesystem", "finder", "process", "service-contracts",
        "string",
    )),
    "php-json-schema", "php-psr-container", "php-psr-log", "php-react-promise",
    "php-seld-signal-handler",
)  # fmt: skip
Run = Callable[..., str]


def unpacked(folder: Path, packages: tuple[str, ...], depends: str, version: str) -> Path:
    """The files of Debian packages, none of them installed.

    Args:
        depends: a package that depends on the newest one of a language, whose version `version`
            finds.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        pytest.skip("no apt-get and dpkg-deb here")
    told = subprocess.run(
        ["apt-cache", "depends", depends], capture_output=True, text=True, check=False
    )
    found = re.search(version, told.stdout)
    if found is None:
        pytest.skip(f"apt knows no {depends}")
    names = [name.format(found[1]) for name in packages]
    run = subprocess.run(
        ["apt-get", "-q", "download", *names],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if run.returncode != 0:
        pytest.skip(f"apt-get could not download: {run.stderr[-200:]}")
    for archive in sorted(folder.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", archive, folder / "root"], check=True)
    return folder / "root"


def only(root: Path, pattern: str) -> Path:
    found = sorted(root.glob(pattern))
    assert found, f"no {pattern} among the unpacked files"
    return found[0]


def runner(command: list[str | Path], environment: dict[str, str]) -> Run:
    def run(cwd: Path, *words: str) -> str:
        done = subprocess.run(
            [*command, *words], cwd=cwd, env={"PATH": "/usr/bin:/bin", **environment},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-500:] + done.stderr[:500]
        return done.stdout

    return run


def scan(root: Path) -> ImageFacts:
    with open_image(str(root)) as image:
        return scan_image(image, cache_dir=cache_folder().name, now=NOW)


@pytest.fixture(scope="module")
def ruby(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """Debian's Ruby with a gem of our own, and a project that locks some of its gems."""
    folder = tmp_path_factory.mktemp("ruby")
    root = unpacked(folder, RUBY, "ruby", r"Depends: ruby([\d.]+)")
    program = only(root, "usr/bin/ruby[0-9]*")
    native = only(root, "usr/lib/*-linux-gnu/ruby/[0-9]*")
    standard = only(root, "usr/lib/ruby/[0-9]*")
    stores = (root / "usr/share/rubygems-integration/all", only(root, "usr/lib/ruby/gems/*"))
    run = runner(
        [program],
        {
            "HOME": str(folder),
            "LD_LIBRARY_PATH": str(native.parent.parent),
            "RUBYLIB": f"{root}/usr/lib/ruby/vendor_ruby:{standard}:{native}",
            "GEM_HOME": str(root / "srv/gems"),
            "GEM_PATH": ":".join(map(str, (root / "srv/gems", *stores))),
        },
    )
    project = root / "srv/project"
    project.mkdir(parents=True)
    (folder / "ours.gemspec").write_text(
        'Gem::Specification.new do |s|\n  s.name = "ours"; s.version = "1.2.0.pre1"\n'
        '  s.platform = "x86_64-linux"; s.summary = "x"; s.authors = ["A"]; s.license = "MIT"\n'
        '  s.files = []; s.add_dependency "webrick", "~> 1.4"\nend\n'
    )
    run(folder, f"{root}/usr/bin/gem", "build", "ours.gemspec")
    gem = only(folder, "ours-*.gem")
    run(folder, f"{root}/usr/bin/gem", "install", "--local", "--force", "--no-document", gem.name)
    (project / "Gemfile").write_text(
        'source "https://rubygems.org"\ngem "ours", "1.2.0.pre1"\ngem "xmlrpc"\n'
    )
    run(project, f"{root}/usr/bin/bundle", "lock", "--local")
    return root, run


def test_installed_gems_are_those_of_gem_list(ruby: tuple[Path, Run]) -> None:
    root, run = ruby
    listed = run(root, f"{root}/usr/bin/gem", "list")
    expected = {
        (name, version.split()[0])
        for name, versions in re.findall(r"^(\S+) \((.*)\)$", listed, re.MULTILINE)
        for version in versions.replace("default: ", "").split(", ")
    }
    gems = (one for one in scan(root).packages if one.type == "gem" and not one.declared)
    found = {(one.name, one.version) for one in gems}  # some lie in two stores
    assert len(expected) > 50
    assert found == expected


def test_locked_gems_are_those_of_bundle_list_and_joined_with_the_installed(
    ruby: tuple[Path, Run],
) -> None:
    root, run = ruby
    listed = run(root / "srv/project", f"{root}/usr/bin/bundle", "list")
    expected = set(re.findall(r"\* (\S+) \((\S+)\)", listed))
    lock = Location("srv/project/Gemfile.lock", 0)
    gems = [one for one in scan(root).packages if one.type == "gem"]
    locked = {(one.name, one.version) for one in gems if lock in one.also_at}
    assert {name for name, _ in expected} == {"ours", "webrick", "xmlrpc"}
    assert locked == expected
    assert [one.name for one in gems if one.location == lock] == []
    (ours,) = (one for one in gems if one.name == "ours")
    assert (ours.depends, ours.licences) == (("webrick",), ("MIT",))
    assert ours.purl == "pkg:gem/ours@1.2.0.pre1?platform=x86_64-linux"


PARSED = """require "bundler"
Bundler::LockfileParser.new(File.read(ARGV[0])).specs.each do |one|
  path = one.source.instance_of?(Bundler::Source::Path)
  puts [one.name, one.version, one.platform].join(" ") unless path
end
"""


def test_a_lock_file_says_what_the_parser_of_bundler_reads(
    ruby: tuple[Path, Run], shared: Path
) -> None:
    root, run = ruby
    archive = zipfile.ZipFile(shared / "manifests/syft-cataloger-testdata.zip")
    folder = root.parent / "parsed"
    folder.mkdir()
    (folder / "Gemfile").touch()  # it looks for one
    (folder / "parsed.rb").write_text(PARSED)
    contents = (archive.read("syft/pkg/cataloger/ruby/testdata/Gemfile.lock"), GEMFILE.encode())
    for content in contents:
        (folder / "Gemfile.lock").write_bytes(content)
        listed = run(folder, "parsed.rb", "Gemfile.lock").splitlines()
        packages, unreadable = catalogued("app/Gemfile.lock", content)
        found = [
            f"{one.name} {one.version} {dict(one.qualifiers).get('platform', 'ruby')}"
            for one in packages
        ]
        assert unreadable == []
        assert sorted(found) == sorted(listed)


@pytest.fixture(scope="module")
def php(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A project of Composer with what it installed: of an archive, a folder, and of nothing."""
    folder = tmp_path_factory.mktemp("php")
    root = unpacked(folder, PHP, "php-cli", r"Depends: php([\d.]+)-cli")
    extensions = only(root, "usr/lib/php/*/phar.so").parent
    program = only(root, "usr/bin/php[0-9]*")
    started = subprocess.run([program, "-n", "-v"], capture_output=True, text=True, check=False)
    if "shared libraries" in started.stderr:
        pytest.skip(f"not installed, and needed by PHP: {started.stderr.rpartition('/')[2]}")
    parts = ("phar", "mbstring", "intl", "tokenizer", "iconv", "ctype")
    run = runner(
        [
            program, "-n", "-d", f"extension_dir={extensions}",
            "-d", f"include_path={root}/usr/share/php",
            *(word for part in parts for word in ("-d", f"extension={part}")),
            root / "usr/bin/composer",
        ],
        {"COMPOSER_HOME": str(folder / "home"), "COMPOSER_ALLOW_SUPERUSER": "1"},
    )  # fmt: skip
    project = folder / "image/app"
    (project / "local").mkdir(parents=True)
    needs = {"name": "acme/local", "version": "1.0.0", "license": "MIT"}
    (project / "local/composer.json").write_text(
        json.dumps({**needs, "require": {"acme/tar": "^2.0", "acme/gift": "*"}})
    )
    with tarfile.open(folder / "tar.tar", "w") as tar:
        tar.add(project / "local", "x")
    digest = hashlib.sha1((folder / "tar.tar").read_bytes(), usedforsecurity=False).hexdigest()
    archive = {
        "name": "acme/tar", "version": "v2.1.0", "license": ["MIT", "BSD-3-Clause"],
        "dist": {"type": "tar", "url": str(folder / "tar.tar"), "shasum": digest},
        "provide": {"acme/gift": "1.0"},
    }  # fmt: skip
    nothing = {"name": "acme/dev", "version": "dev-main", "type": "metapackage"}
    repositories = [
        {"packagist.org": False},
        {"type": "path", "url": "local", "options": {"symlink": False}},
        {"type": "package", "package": archive},
        {"type": "package", "package": nothing},
    ]
    asked = {"require": {"acme/local": "^1.0"}, "require-dev": {"acme/dev": "dev-main"}}
    (project / "composer.json").write_text(
        json.dumps({"name": "acme/app", **asked, "repositories": repositories})
    )
    run(project, "install", "-q")
    return folder, run


@pytest.mark.parametrize("asked", ["installed", "locked"])
def test_packages_are_those_of_composer_show(php: tuple[Path, Run], asked: str) -> None:
    folder, run = php
    words = ("--locked",) if asked == "locked" else ()
    listed = json.loads(run(folder / "image/app", "show", "--format=json", *words))
    expected = {(one["name"], one["version"]) for one in listed[asked]}
    found = [one for one in scan(folder / "image").packages if one.type == "composer"]
    assert len(expected) == 3
    assert sorted((f"{one.namespace}/{one.name}", one.version) for one in found) == sorted(expected)
    assert [one.also_at[0].path for one in found] == ["app/composer.lock"] * 3


def test_licences_hashes_and_needs_are_those_of_the_packages(php: tuple[Path, Run]) -> None:
    folder, _ = php
    found = {one.name: one for one in scan(folder / "image").packages}
    assert found["tar"].licences == ("MIT", "BSD-3-Clause")
    assert [name for name, _ in found["tar"].hashes] == ["sha1"]
    assert found["local"].depends == ("acme/tar",)
