"""rpm databases of all three forms against what rpm itself lists."""

from __future__ import annotations

import csv
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from scanning import directory, file, layer, scanned, symlink

from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.scan.cataloger import FileView
from secure.scan.catalogers.rpm import parse_database
from secure.scan.layer_facts import Record

DATABASES = {
    "cbl-mariner-2.0/rpmdb.sqlite": 129,
    "sle15-bci/Packages.db": 35,
    "scalibr-epoch-bdb/Packages": 1,
    "syft-bdb/Packages": 1,
}
QUERY = "%{NAME}\t%|EPOCH?{%{EPOCH}}|\t%{VERSION}-%{RELEASE}\t%|ARCH?{%{ARCH}}|\t%{SOURCERPM}\n"
SPEC = """Name: many
Version: 1.2
Release: 3
Epoch: 7
Summary: s
License: MIT AND Apache-2.0
BuildArch: noarch
Vendor: Some One
URL: https://example.org/
ModularityLabel: many:1:820230101:ab12cd34
Requires: /opt/many/tool, second
%description
d
%install
mkdir -p %{buildroot}/opt/many
echo x > %{buildroot}/opt/many/tool
"""


def packages_in(content: bytes, name: str = "rpmdb.sqlite") -> list[Package]:
    found = list(parse_database(FileView(f"var/lib/rpm/{name}".encode(), content)))
    assert all(isinstance(item, Record) for item in found), found
    return [item.package for item in found if isinstance(item, Record)]


@pytest.mark.parametrize(("path", "count"), DATABASES.items())
def test_every_package_is_as_rpm_lists_it(shared: Path, path: str, count: int) -> None:
    database = shared / "rpmdb" / path
    with database.with_name("expected.tsv").open() as listing:
        expected = list(csv.DictReader(listing, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = packages_in(database.read_bytes())
    assert sorted(
        (p.name, p.epoch, p.version, p.arch, dict(p.qualifiers)["upstream"], p.licences[0],
         p.modularity)
        for p in found
    ) == sorted(
        (row["name"], row["epoch"], f"{row['version']}-{row['release']}", row["arch"],
         row["sourcerpm"], row["license"], row["modularity"])
        for row in expected
    )  # fmt: skip
    vendors = {row["name"]: row["vendor"] for row in expected if row["vendor"]}
    assert {p.name: p.maintainer for p in found if p.name in vendors} == vendors
    assert len(found) == count


def test_a_database_without_its_table_is_reported(shared: Path) -> None:
    content = (shared / "rpmdb" / "claircore-empty-sqlite" / "rpmdb.sqlite").read_bytes()
    (found,) = parse_database(FileView(b"var/lib/rpm/rpmdb.sqlite", content))
    assert isinstance(found, Unreadable)
    assert 'no table "Packages"' in found.why


def test_an_image_of_mariner_is_read_through_its_links(shared: Path, tmp_path: Path) -> None:
    content = (shared / "rpmdb" / "cbl-mariner-2.0" / "rpmdb.sqlite").read_bytes()
    facts = scanned(
        tmp_path,
        [
            layer(
                file("etc/os-release", 'ID=mariner\nVERSION_ID="2.0"\n'),
                directory("usr/lib/sysimage/rpm"),
                file("usr/lib/sysimage/rpm/rpmdb.sqlite", content),
                file("usr/lib/sysimage/rpm/rpmdb.sqlite-wal"),
                symlink("var/lib/rpm", "../../usr/lib/sysimage/rpm"),
            )
        ],
    )
    assert facts.complete
    assert facts.unreadable == ()
    assert len(facts.packages) == 129
    bash = next(p for p in facts.packages if p.name == "bash")
    assert bash.purl == (
        "pkg:rpm/mariner/bash@5.1.8-1.cm2"
        "?arch=x86_64&distro=mariner-2.0&upstream=bash-5.1.8-1.cm2.src.rpm"
    )
    assert (bash.source, bash.source_version) == ("bash", "5.1.8-1.cm2")
    names = {p.name for p in facts.packages}
    assert all(set(p.depends) <= names for p in facts.packages)
    # "bash" requires /bin/sh, which it owns itself, and libc.so.6, which glibc provides.
    assert "glibc" in bash.depends
    assert sum(bool(p.depends) for p in facts.packages) > 100


@pytest.fixture(scope="session")
def made_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that rpm has just written: 301 packages and a signing key's worth of pages.

    Skips:
        without rpmbuild there is nobody to write it.
    """
    if shutil.which("rpmbuild") is None or shutil.which("rpm") is None:
        pytest.skip("rpm is not installed (apt-get install rpm)")
    folder = tmp_path_factory.mktemp("rpm")
    names = ["second", *(f"extra-{number}" for number in range(299))]
    parts = [
        f"%package -n {name}\nSummary: s\nEpoch: {number % 2}\n%description -n {name}\nd\n"
        for number, name in enumerate(names)
    ]
    lists = ["%files\n/opt/many/tool\n", *(f"%files -n {name}\n" for name in names)]
    (folder / "many.spec").write_text("\n".join([SPEC, *parts, *lists]))
    define = ["--define", f"_topdir {folder}/top", "--define", "_build_id_links none"]
    build = ["rpmbuild", "--quiet", *define, "-bb", str(folder / "many.spec")]
    subprocess.run(build, check=True, capture_output=True, env=_environment(folder))
    packages = sorted(str(path) for path in (folder / "top").rglob("*.rpm"))
    (folder / "db").mkdir()
    install = ["rpm", "--dbpath", str(folder / "db"), "--justdb", "--nodeps", "-i", *packages]
    subprocess.run(install, check=True, capture_output=True, env=_environment(folder))
    shutil.copy(folder / "db" / "rpmdb.sqlite", folder / "db" / "before.sqlite")
    # Erasing leaves free pages and gaps in the b-tree.
    erase = ["rpm", "--dbpath", str(folder / "db"), "--justdb", "-e", "extra-7", "extra-8"]
    subprocess.run(erase, check=True, capture_output=True, env=_environment(folder))
    return folder / "db"


def _environment(home: Path) -> dict[str, str]:
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(home), "LC_ALL": "C.UTF-8"}


def test_a_database_made_now_holds_what_rpm_queries(made_database: Path) -> None:
    query = ["rpm", "--dbpath", str(made_database), "-qa", "--qf", QUERY]
    listed = subprocess.run(
        query, check=True, capture_output=True, text=True, env=_environment(made_database)
    ).stdout
    found = packages_in((made_database / "rpmdb.sqlite").read_bytes())
    lines = [
        "\t".join((p.name, p.epoch, p.version, p.arch, dict(p.qualifiers)["upstream"]))
        for p in found
    ]
    assert sorted(lines) == sorted(listed.splitlines())
    assert len(found) == 299
    first = next(p for p in found if p.name == "many")
    assert first.modularity == "many:1:820230101:ab12cd34"
    assert (first.epoch, first.homepage, first.maintainer, first.source) == (
        "7", "https://example.org/", "Some One", "many",
    )  # fmt: skip


def test_a_layer_that_rewrites_the_database_brings_only_what_changed(
    made_database: Path, tmp_path: Path
) -> None:
    release = file("etc/os-release", "ID=fedora\nVERSION_ID=40\n")
    before, after = (
        file("usr/lib/sysimage/rpm/rpmdb.sqlite", (made_database / name).read_bytes())
        for name in ("before.sqlite", "rpmdb.sqlite")
    )
    facts = scanned(tmp_path, [layer(release, before), layer(after)])
    assert {package.location.layer for package in facts.packages} == {0}
    assert {gone.package.name for gone in facts.gone_packages} == {"extra-7", "extra-8"}
    assert {change.layer for change in facts.changes if change.kind == "removed"} == {1}


def test_the_log_that_rpm_leaves_beside_its_database_is_empty(made_database: Path) -> None:
    log = (made_database / "rpmdb.sqlite-wal").read_bytes()
    assert list(parse_database(FileView(b"var/lib/rpm/rpmdb.sqlite-wal", log))) == []


def test_a_required_file_leads_to_the_package_that_owns_it(
    made_database: Path, tmp_path: Path
) -> None:
    content = (made_database / "rpmdb.sqlite").read_bytes()
    facts = scanned(tmp_path, [layer(file("var/lib/rpm/rpmdb.sqlite", content))])
    many = next(p for p in facts.packages if p.name == "many")
    assert many.depends == ("second",)
    record = next(
        item
        for item in parse_database(FileView(b"x", content))
        if isinstance(item, Record) and item.package.name == "many"
    )
    assert "/opt/many/tool" in record.provides
    assert record.files is not None
    assert list(record.files.with_digests()) == [
        (b"opt/many/tool", hashlib.sha256(b"x\n").digest())
    ]


@pytest.mark.parametrize("path", ["cbl-mariner-2.0/rpmdb.sqlite", "sle15-bci/Packages.db"])
def test_owned_files_have_the_digests_of_their_database(shared: Path, path: str) -> None:
    content = (shared / "rpmdb" / path).read_bytes()
    owned = {
        item.package.name: item.files
        for item in parse_database(FileView(b"x", content))
        if isinstance(item, Record)
    }
    files = owned["bash"]
    assert files is not None
    assert files.algorithm == "sha256"
    digests = dict(files.with_digests())
    assert [len(one) for name, one in digests.items() if name.endswith(b"bin/bash") and one] == [32]
    assert sum(len(one.listed()) for one in owned.values() if one) > 1_000
