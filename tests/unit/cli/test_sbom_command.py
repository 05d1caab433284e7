"""`secure sbom` as a user calls it: every form, reproducible; rating, comparing, statements."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from scanning import dpkg_record, file, layer

from secure.images.write import write_oci_archive
from secure.oci.image_config import Execution
from secure.report.sbom_formats import FORMATS

ROOT = Path(__file__).resolve().parents[3]
NAMES = [one.name for one in FORMATS]


class Place:
    """A directory with two images, and the program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        release = file("etc/os-release", "ID=debian\nVERSION_ID=13\n")
        for name, version in (("old", "1"), ("new", "2")):
            status = dpkg_record("app", version, "Depends: libc6") + dpkg_record("libc6", "2.41")
            content = layer(release, file("var/lib/dpkg/status", status))
            write_oci_archive(str(folder / f"{name}.tar"), [content], Execution(), tag="app:1")

    def secure(self, *words: str, code: int = 0, epoch: str = "1700000000") -> bytes:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONPATH": str(ROOT)}
        if epoch:
            env["SOURCE_DATE_EPOCH"] = epoch
        done = subprocess.run(
            [sys.executable, "-m", "secure", *words],
            cwd=self.folder,
            env=env,
            capture_output=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout or done.stderr


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("sbom"))


@pytest.mark.parametrize("name", NAMES)
def test_two_runs_give_the_same_bytes_and_the_time_that_was_set(place: Place, name: str) -> None:
    first = place.secure("sbom", "old.tar", "--format", name)
    place.secure("sbom", "old.tar", "--format", name, "-o", f"old.{name}")
    assert (place.folder / f"old.{name}").read_bytes() == first
    assert b"2023-11-14T22:13:20Z" in first


@pytest.mark.parametrize("command", ["scan", "check", "sbom"])
@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("var/lib/rpm/rpmdb.sqlite", b"SQLite format 3\0" + b"x" * 5_000),
        ("app/x.jar", b"PK\3\4" + b"x" * 50),
    ],
)
def test_a_database_that_cannot_be_read_is_no_silent_pass(
    tmp_path: Path, place: Place, command: str, path: str, content: bytes
) -> None:
    damaged = str(tmp_path / "damaged.tar")
    user = Execution(user="10001")
    write_oci_archive(damaged, [layer(file(path, content))], user, tag="app:1")
    assert path.encode() in place.secure(command, damaged, code=3)


def test_another_time_is_another_serial_number(place: Place) -> None:
    serials = {
        json.loads(place.secure("sbom", "old.tar", epoch=epoch))["serialNumber"]
        for epoch in ("1", "2", "1")
    }
    assert len(serials) == 2


@pytest.mark.parametrize("name", [name for name in NAMES if name != "syft-json"])
def test_what_was_written_is_scanned_as_the_image_was(place: Place, name: str) -> None:
    place.secure("sbom", "old.tar", "--format", name, "-o", f"in.{name}")
    found = json.loads(place.secure("scan", "--format", "json", f"sbom:in.{name}"))
    image = json.loads(place.secure("scan", "--format", "json", "old.tar"))
    assert [(one["purl"], one["source"], one["depends"]) for one in found["packages"]] == [
        (one["purl"], one["source"], one["depends"]) for one in image["packages"]
    ]


def test_the_table_of_an_sbom_says_what_was_not_seen(place: Place) -> None:
    place.secure("sbom", "old.tar", "-o", "it.json")
    assert b"files, secrets and settings were not seen" in place.secure("scan", "sbom:it.json")


def test_a_difference_between_a_document_and_an_image(place: Place) -> None:
    place.secure("sbom", "old.tar", "--format", "spdx-tag-value", "-o", "old.spdx")
    assert place.secure("sbom", "diff", "old.spdx", "new.tar") == (
        b"~ deb      app  1 -> 2\n\n0 added, 0 removed, 1 changed\n"
    )
    found = json.loads(place.secure("sbom", "diff", "--format", "json", "old.tar", "old.spdx"))
    assert found["differences"] == []


def test_a_minimum_that_is_not_reached_is_exit_code_one(place: Place) -> None:
    author = ("--author", "Jane <jane@example.com>")
    told = json.loads(place.secure("sbom", "quality", "old.tar", "--format", "json", *author))
    assert told["meets"] == {"ntia": False, "cisa": False, "bsi": False}
    place.secure("sbom", "quality", "old.tar")
    place.secure("sbom", "quality", "old.tar", "--minimum", "ntia", code=1)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cyclonedx-json", "https://cyclonedx.org/bom"),
        ("spdx-json", "https://spdx.dev/Document"),
        ("spdx3-json", "https://spdx.dev/Document"),
    ],
)
def test_a_statement_is_about_the_manifest_and_holds_the_document(
    place: Place, name: str, kind: str
) -> None:
    raw = place.secure("sbom", "old.tar", "--format", name, "--statement")
    document = place.secure("sbom", "old.tar", "--format", name)
    made = json.loads(raw)
    facts = json.loads(place.secure("scan", "--format", "json", "old.tar"))
    assert made["_type"] == "https://in-toto.io/Statement/v1"
    assert made["subject"][0]["digest"] == {"sha256": facts["digest"].removeprefix("sha256:")}
    assert made["predicateType"] == kind
    assert document.strip() in raw


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("sbom", "old.tar", "--format", "word"), 2, b"is unknown"),
        (("sbom", "old.tar", "--spec-version", "1.5"), 2, b"1.6 or 1.7"),
        (("sbom", "old.tar", "--format", "syft-json", "--statement"), 2, b"cannot hold"),
        (("sbom", "old.tar", "new.tar"), 2, b"makes no sense"),
        (("sbom", "quality", "old.tar", "--minimum", "most"), 2, b"ntia, cisa, bsi"),
        (("sbom", "diff", "old.tar", "new.tar", "--format", "xml"), 2, b"table or json"),
        (("scan", "sbom:gone"), 3, b"no SBOM at"),
        (("scan", "sbom:old.tar"), 3, b"no SBOM of a known form"),
        (("scan", "sbom:."), 3, b"is not a file"),
    ],
)
def test_a_mistake_is_explained(
    place: Place, words: tuple[str, ...], code: int, says: bytes
) -> None:
    assert says in place.secure(*words, code=code)


def test_a_time_that_is_none_is_refused(place: Place) -> None:
    assert b"SOURCE_DATE_EPOCH" in place.secure("sbom", "old.tar", epoch="soon", code=2)


def test_a_plain_directory_has_no_statement(place: Place) -> None:
    (place.folder / "root").mkdir(exist_ok=True)
    assert b"no manifest digest" in place.secure("sbom", "root", "--statement", code=3)
