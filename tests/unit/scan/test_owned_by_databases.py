"""What dpkg and apk say about the files of their packages."""

from __future__ import annotations

import base64
import hashlib

from scanning import apk_record

from secure.facts.image import Unreadable
from secure.scan.cataloger import FileView
from secure.scan.catalogers.apk import parse_installed
from secure.scan.catalogers.dpkg import parse_status
from secure.scan.catalogers.dpkg_files import parse_files
from secure.scan.layer_facts import Record
from secure.scan.owned_files import OwnedFiles

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
FOLDER = b"var/lib/dpkg/info/"


def dpkg(name: bytes, content: str) -> OwnedFiles:
    (found,) = parse_files(FileView(FOLDER + name, content.encode()))
    assert isinstance(found, OwnedFiles)
    return found


def apk(*lines: str) -> OwnedFiles:
    (record,) = parse_installed(
        FileView(b"lib/apk/db/installed", apk_record("a", "1", *lines).encode())
    )
    assert isinstance(record, Record)
    assert record.files is not None
    return record.files


def test_a_list_is_told_without_the_directories_that_lead_to_files() -> None:
    content = "/.\n/usr\n/usr/bin\n/usr/bin/x\n/usr/bin/x-more\n/var\n/var/lib\n/var/lib/empty\n"
    assert dpkg(b"a.list", content).listed() == [b"usr/bin/x", b"usr/bin/x-more", b"var/lib/empty"]


def test_md5sums_give_names_and_digests() -> None:
    files = dpkg(b"a.md5sums", f"{MD5}  usr/bin/x\n{MD5}  usr/share/two  blanks\n")
    assert files.algorithm == "md5"
    assert list(files.with_digests()) == [
        (b"usr/bin/x", bytes.fromhex(MD5)),
        (b"usr/share/two  blanks", bytes.fromhex(MD5)),
    ]


def test_lines_of_md5sums_that_make_no_sense_are_counted() -> None:
    content = f"{MD5}  usr/bin/x\nno digest\n{'g' * 32}  usr/bin/y\n".encode()
    wrong, files = parse_files(FileView(FOLDER + b"a.md5sums", content))
    assert isinstance(wrong, Unreadable)
    assert wrong.why == "2 lines have no digest and path"
    assert isinstance(files, OwnedFiles)
    assert files.listed() == [b"usr/bin/x"]


def test_conffiles_are_told_without_their_flags() -> None:
    files = dpkg(b"a.conffiles", "/etc/a.conf\nremove-on-upgrade /etc/b.conf\n")
    assert files.config.split(b"\0") == [b"etc/a.conf", b"etc/b.conf"]


def test_checksums_of_distroless_are_read_beside_their_record() -> None:
    view = FileView(b"var/lib/dpkg/status.d/base.md5sums", f"{MD5}  ./usr/x\n".encode())
    (files,) = parse_status(view)
    assert isinstance(files, OwnedFiles)
    assert files.listed() == [b"usr/x"]


def test_an_apk_record_tells_files_below_its_directories() -> None:
    digest = hashlib.sha256(b"").digest()[:20]
    line = "Z:Q1" + base64.b64encode(digest).decode()
    files = apk(
        "F:", "R:.profile", "F:etc", "R:a.conf", line, "F:usr/bin", "M:0:0:755", "R:x", line
    )
    assert list(files.with_digests()) == [
        (b".profile", b""),
        (b"etc/a.conf", digest),
        (b"usr/bin/x", digest),
    ]
    assert files.config == b"etc/a.conf"
    assert files.algorithm == "sha1"


def test_a_checksum_that_is_no_sha1_counts_as_none() -> None:
    files = apk("F:bin", "R:x", "Z:Q1not base64", "R:y", "Z:" + MD5)
    assert list(files.with_digests()) == [(b"bin/x", b""), (b"bin/y", b"")]
