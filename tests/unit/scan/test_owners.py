"""Whose files are whose: overlap, claims, and what nobody owns."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from scanning import NOW, apk_record, cache_folder, dpkg_record, file, layer, scanned, symlink

from secure.facts.image import ImageFacts
from secure.facts.package import counted_once
from secure.images.entry import HARDLINK
from secure.images.source import open_image
from secure.images.write import LayerContent, NewFile, write_oci_archive
from secure.oci.image_config import Execution
from secure.report.bill import bill_of
from secure.scan.image import scan_image
from secure.scan.owners import Owners

STATUS = "var/lib/dpkg/status"
INFO = "var/lib/dpkg/info"
APK_DB = "lib/apk/db/installed"
YAML = "usr/lib/python3/dist-packages/PyYAML-6.0.egg-info/PKG-INFO"
METADATA = file(YAML, "Name: PyYAML\nVersion: 6.0\n\n")


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def sha1(content: bytes) -> str:
    digest = hashlib.sha1(content, usedforsecurity=False).digest()
    return "Z:Q1" + base64.b64encode(digest).decode()


def debian(name: str, *paths: str, contents: bytes = b"") -> list[NewFile]:
    """A database of one package that owns `paths`, each with the digest of `contents`."""
    sums = "".join(f"{md5(contents)}  {path.lstrip('/')}\n" for path in paths)
    return [
        file(STATUS, dpkg_record(name, "1")),
        file(f"{INFO}/{name}.list", "".join(f"/{path.lstrip('/')}\n" for path in paths)),
        file(f"{INFO}/{name}.md5sums", sums),
    ]


def verified(folder: Path, *layers: LayerContent) -> ImageFacts:
    path = str(folder / "image.tar")
    write_oci_archive(path, list(layers), Execution())
    with open_image(path) as image:
        return scan_image(image, cache_dir=cache_folder().name, now=NOW, verify_files=True)


def owners(facts: ImageFacts) -> dict[str, str]:
    return {p.name: p.owner.partition("?")[0] for p in facts.packages}


def test_a_python_package_of_a_debian_package_is_part_of_it_and_counts_once(tmp_path: Path) -> None:
    facts = scanned(tmp_path, [layer(*debian("python3-yaml", YAML), METADATA)])
    assert owners(facts) == {"python3-yaml": "", "pyyaml": "pkg:deb/debian/python3-yaml@1"}
    assert counted_once(facts.packages) == 1


def test_the_sbom_relates_a_package_to_the_one_that_brought_it(tmp_path: Path) -> None:
    facts = scanned(tmp_path, [layer(*debian("python3-yaml", YAML), METADATA)])
    bill = bill_of(facts, NOW)
    needs = dict(zip((p.name for p in facts.packages), bill.needs, strict=True))
    refs = dict(zip((p.name for p in facts.packages), bill.refs, strict=True))
    assert needs == {"python3-yaml": (refs["pyyaml"],), "pyyaml": ()}


def test_a_python_package_that_nobody_owns_has_no_owner(tmp_path: Path) -> None:
    facts = scanned(tmp_path, [layer(*debian("python3", "/usr/bin/python3"), METADATA)])
    assert owners(facts) == {"python3": "", "pyyaml": ""}
    assert counted_once(facts.packages) == 2


def test_what_a_later_layer_wrote_over_an_owned_file_is_not_its_owners(tmp_path: Path) -> None:
    newer = file(YAML, "Name: PyYAML\nVersion: 7.0\n\n")
    facts = scanned(tmp_path, [layer(*debian("python3-yaml", YAML), METADATA), layer(newer)])
    assert owners(facts)["pyyaml"] == ""


@pytest.mark.parametrize("listed", ["bin/x", "usr/bin/x"])
def test_a_file_behind_a_merged_usr_is_owned_by_either_name(tmp_path: Path, listed: str) -> None:
    program = file("usr/bin/x", b"", mode=0o755)
    facts = scanned(tmp_path, [layer(symlink("bin", "usr/bin"), program, *debian("a", listed))])
    assert facts.claims is not None
    assert (facts.claims.missing, facts.claims.unowned_executables) == ((), ())


def test_without_the_link_a_file_of_the_other_name_is_another_file(tmp_path: Path) -> None:
    program = file("usr/bin/x", b"", mode=0o755)
    facts = scanned(tmp_path, [layer(program, *debian("a", "bin/x"))])
    assert facts.claims is not None
    assert [one.path for one in facts.claims.missing] == ["bin/x"]
    assert facts.claims.unowned_executables == ("usr/bin/x",)


def test_links_near_the_root_are_followed_and_circles_end() -> None:
    links = {b"bin": b"usr/bin", b"usr/bin": b"usr/sbin", b"a": b"b", b"b": b"a", b"x": b""}
    near = Owners((), links)
    names = (b"bin/p", b"usr/bin/p/q", b"bin", b"a/p", b"x/etc", b"opt/bin/p")
    assert [near.real(name) for name in names] == [
        b"usr/sbin/p", b"usr/sbin/p/q", b"bin", b"a/p", b"etc", b"opt/bin/p",
    ]  # fmt: skip


def test_missing_files_are_listed_and_documentation_is_only_counted(tmp_path: Path) -> None:
    names = ("usr/lib/a.so", "usr/share/doc/a/readme", "usr/share/man/man1/a.1", "usr/lib/b.so")
    facts = scanned(tmp_path, [layer(*debian("a", *names), file("usr/lib/b.so"))])
    assert facts.claims is not None
    assert facts.claims.claimed == 4
    assert [one.path for one in facts.claims.missing] == ["usr/lib/a.so"]
    assert facts.claims.missing_documentation == 2


def test_a_file_that_a_later_layer_deleted_is_missing(tmp_path: Path) -> None:
    lower = layer(*debian("a", "usr/lib/a.so"), file("usr/lib/a.so"))
    facts = scanned(tmp_path, [lower, layer(file("usr/lib/.wh.a.so"))])
    assert facts.claims is not None
    assert [one.path for one in facts.claims.missing] == ["usr/lib/a.so"]


def test_configuration_may_be_missing_or_changed(tmp_path: Path) -> None:
    files = [
        *debian("a", "etc/gone.conf", "etc/a.conf"),
        file(f"{INFO}/a.conffiles", "/etc/gone.conf\n/etc/a.conf\n"),
        file("etc/a.conf", b"changed"),
    ]
    facts = verified(tmp_path, layer(*files))
    assert facts.claims is not None
    assert (facts.claims.missing, facts.claims.changed, facts.claims.verified) == ((), (), 0)


def test_an_empty_directory_that_is_not_there_is_no_missing_file(tmp_path: Path) -> None:
    files = [file(STATUS, dpkg_record("a", "1")), file(f"{INFO}/a.list", "/proc\n/sys\n")]
    facts = scanned(tmp_path, [layer(*files)])
    assert facts.claims is not None
    assert facts.claims.missing == ()


def test_executables_that_no_package_owns_are_listed(tmp_path: Path) -> None:
    files = [
        *debian("a", "usr/bin/a"),
        file("usr/bin/a", mode=0o755),
        file("opt/tool", mode=0o755),
        file("opt/text", mode=0o644),
        file(f"{INFO}/a.postinst", mode=0o755),
    ]
    facts = scanned(tmp_path, [layer(*files), layer(file("opt/later", mode=0o700))])
    assert facts.claims is not None
    assert facts.claims.unowned_executables == ("opt/later", "opt/tool")


def test_without_a_database_of_files_nothing_is_said(tmp_path: Path) -> None:
    files = (file(STATUS, dpkg_record("a", "1")), file("opt/tool", mode=0o755))
    assert scanned(tmp_path, [layer(*files)]).claims is None


def test_packages_of_several_architectures_have_lists_of_their_own(tmp_path: Path) -> None:
    files = [
        file(STATUS, dpkg_record("a", "1")),
        file(f"{INFO}/a:amd64.list", "/usr/lib/a.so\n"),
        file("usr/lib/a.so", mode=0o755),
    ]
    facts = scanned(tmp_path, [layer(*files)])
    assert facts.claims is not None
    assert (facts.claims.claimed, facts.claims.unowned_executables) == (1, ())


def test_distroless_packages_claim_by_their_checksums(tmp_path: Path) -> None:
    files = [
        file(f"{STATUS}.d/a", "Package: a\nVersion: 1\n"),
        file(f"{STATUS}.d/a.md5sums", f"{md5(b'')}  usr/bin/a\n{md5(b'')}  usr/bin/b\n"),
        file("usr/bin/a", mode=0o755),
    ]
    facts = scanned(tmp_path, [layer(*files)])
    assert facts.claims is not None
    assert [one.path for one in facts.claims.missing] == ["usr/bin/b"]


def test_changed_files_are_found_when_asked(tmp_path: Path) -> None:
    lower = layer(
        *debian("a", "usr/same", "usr/changed", "usr/linked", contents=b"content"),
        file("usr/same", b"content"),
        file("usr/changed", b"content"),
        file("usr/linked", b"content"),
    )
    upper = layer(file("usr/changed", b"other"), symlink("usr/linked", "same"))
    facts = verified(tmp_path, lower, upper)
    assert facts.claims is not None
    assert facts.claims.verified == 3
    assert [(one.path, one.what.value) for one in facts.claims.changed] == [
        ("usr/changed", "changed"),
        ("usr/linked", "changed"),
    ]
    asked_for_nothing = scanned(tmp_path, [lower, upper]).claims
    assert asked_for_nothing is not None
    assert (asked_for_nothing.verified, asked_for_nothing.changed) == (0, ())


def test_apk_links_are_compared_by_their_targets(tmp_path: Path) -> None:
    lines = ("F:bin", "R:a", sha1(b"busybox"), "R:b", sha1(b"busybox"), "R:c", sha1(b"text"))
    files = [
        file(APK_DB, apk_record("x", "1", *lines)),
        symlink("bin/a", "busybox"),
        symlink("bin/b", "elsewhere"),
        file("bin/c", b"text"),
    ]
    claims = verified(tmp_path, layer(*files)).claims
    assert claims is not None
    assert (claims.verified, [one.path for one in claims.changed]) == (3, ["bin/b"])


def test_a_hard_link_has_the_digest_of_what_it_shares(tmp_path: Path) -> None:
    files = [
        *debian("a", "usr/bin/a", "usr/bin/b", "usr/bin/c", contents=b"same"),
        file("usr/bin/a", b"same"),
        NewFile(b"usr/bin/b", kind=HARDLINK, link=b"usr/bin/a"),
        NewFile(b"usr/bin/c", kind=HARDLINK, link=b"nobody/owns/this"),
    ]
    claims = verified(tmp_path, layer(*files)).claims
    assert claims is not None
    assert (claims.verified, claims.changed) == (2, ())
